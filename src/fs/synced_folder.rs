//! Folders that a program on this machine keeps the same as elsewhere (iCloud Drive, Dropbox).
//!
//! What is written there by another machine arrives late, and their client may hold a file for a
//! moment (openclaw PR#31004, #98470). Known by the names that the clients give their folders.

use std::path::Path;

/// Names of folders, or how they begin, and whose they are.
const FOLDERS: [(&str, &str); 8] = [
    // macOS: `~/Library/Mobile Documents`, `~/Library/CloudStorage`.
    ("Mobile Documents", "iCloud Drive"),
    ("CloudStorage", "a cloud storage"),
    ("iCloudDrive", "iCloud Drive"),
    ("OneDrive", "OneDrive"),
    ("Dropbox", "Dropbox"),
    ("Google Drive", "Google Drive"),
    ("GoogleDrive", "Google Drive"),
    ("Nextcloud", "Nextcloud"),
];

/// Who keeps the folder of `file` the same as elsewhere; nothing where nobody is known to. Looks at
/// the name alone.
#[must_use]
pub fn synced_by(file: &Path) -> Option<&'static str> {
    let mut directories = file.parent()?.components().filter_map(|part| part.as_os_str().to_str());
    let owner = |name: &str| {
        let is_of = |folder: &&(&str, &str)| {
            // `OneDrive - Company`, `GoogleDrive-name@example.com`.
            name.strip_prefix(folder.0)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '-']))
        };
        FOLDERS.iter().find(is_of).map(|(_, whose)| *whose)
    };
    directories.find_map(owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_clients_are_known_by_their_names() {
        for (path, expected) in [
            ("/Users/a/Library/Mobile Documents/com~apple~CloudDocs/openclaw.json", "iCloud Drive"),
            ("/Users/a/Library/CloudStorage/OneDrive-Home/openclaw.json", "a cloud storage"),
            ("/home/a/OneDrive - Company/gateway/openclaw.json", "OneDrive"),
            ("/home/a/Dropbox/openclaw.json", "Dropbox"),
        ] {
            assert_eq!(synced_by(Path::new(path)), Some(expected), "{path}");
        }
        for path in ["/home/a/.openclaw/openclaw.json", "/home/a/Dropboxes/x.json", "Dropbox", "/"]
        {
            assert_eq!(synced_by(Path::new(path)), None, "{path}");
        }
    }
}
