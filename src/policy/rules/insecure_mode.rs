//! `insecure-mode`: other users of the machine can read or write the file.

use std::path::Path;

use crate::compose::{Configuration, Part};
use crate::finding::{Action, Origin, Override};
use crate::policy::review::Review;
use crate::policy::rule::{Check, Example, Fault, Rule, RuleDoc};

/// Reading and writing by the group and by everybody.
const OTHERS: u32 = 0o066;
/// Writing by the group and by everybody.
const WRITING: u32 = 0o022;
/// Names in the directory may be taken away by their owners only.
const STICKY: u32 = 0o1000;

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "insecure-mode",
        summary: "the file, or the directory it stands in, is open to other users",
        why: "\
The file holds secrets: only its owner should read it (`chmod 600`), and nobody else should be
able to replace it (`chmod 700` for the directory). A mode that somebody chose, to share the file
with a group, is kept as it is and reported. A directory that others can only look into is noted,
no more. Judged are permission bits alone, not access lists.",
        seen: "\
a hot reload left the file readable by the group, and people opened it to all so that a second tool \
could write (openclaw#68709, pinchy#70)",
        action: Action::Warn,
        allowed_by: Override::ByFlag,
        bad: Example::paths("{ gateway: {} }", "{ gateway: {} }").in_mode(0o664),
        good: Example::paths("{ gateway: {} }", "{ gateway: {} }").in_mode(0o600),
    },
    check: Check::Transition(check),
};

fn check<'a>(review: &Review<'a>) -> Vec<Fault<'a>> {
    let base = review.transition.base;
    let candidate = review.transition.candidate;
    let files = candidate.parts().iter().filter_map(|part| {
        let open = part.mode? & OTHERS;
        let known = base.and_then(|base| part_of(base, &part.file)).and_then(|part| part.mode);
        of_bits(open, known).map(|origin| {
            let message = if open & WRITING == 0 {
                "other users can read the file"
            } else {
                "other users can write the file"
            };
            Fault::of_file(message, "permissions for the owner alone, as octal 600")
                .from(origin)
                .in_part(part, part.document.root())
        })
    });
    let directory = || {
        let root = candidate.root();
        let mode = root.directory_mode?;
        // In a sticky directory nobody replaces the file of somebody else.
        let open = if mode & STICKY == 0 { mode & OTHERS } else { mode & OTHERS & !WRITING };
        let known = base.and_then(|base| base.root().directory_mode);
        of_bits(open, known).map(|origin| {
            let (message, at_most) = if open & WRITING == 0 {
                ("other users can look into the directory of the file", Action::Audit)
            } else {
                ("other users can replace the file through its directory", Action::Warn)
            };
            Fault::of_file(message, "permissions for the owner alone, as octal 700")
                .from(origin)
                .at_most(at_most)
                .in_part(root, root.document.root())
        })
    };
    files.chain(directory()).collect()
}

/// Who opened it, where it is open: the base, if every bit was set before.
fn of_bits(open: u32, known: Option<u32>) -> Option<Origin> {
    match (open, known) {
        (0, _) => None,
        (open, Some(known)) if open & !known == 0 => Some(Origin::Base),
        _ => Some(Origin::Write),
    }
}

fn part_of<'c>(configuration: &'c Configuration, file: &Path) -> Option<&'c Part> {
    configuration.parts().iter().find(|part| part.file == file)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, Modes, audited, noted, warned};

    const RULE: &str = "insecure-mode";

    fn file(mode: u32) -> Modes {
        Modes { file: Some(mode), directory: Some(0o700) }
    }

    fn directory(mode: u32) -> Modes {
        Modes { file: Some(0o600), directory: Some(mode) }
    }

    #[test]
    fn fs_10_a_file_that_others_can_read_is_warned_about() {
        Case::modes(Some(file(0o600)), file(0o664)).check(&[warned(RULE, "")]);
        Case::modes(None, file(0o644)).check(&[warned(RULE, "")]);
        Case::modes(Some(file(0o640)), file(0o644)).check(&[warned(RULE, "")]);
        Case::modes(Some(file(0o600)), file(0o600)).check(&[]);
        Case::modes(Some(file(0o600)), file(0o711)).check(&[]);
    }

    #[test]
    fn fs_11_a_mode_that_was_there_is_noted() {
        Case::modes(Some(file(0o640)), file(0o640)).check(&[noted(RULE, "")]);
        Case::modes(Some(file(0o666)), file(0o640)).check(&[noted(RULE, "")]);
    }

    #[test]
    fn a_directory_counts_for_who_can_replace_the_file() {
        let both = |mode| Case::modes(Some(directory(mode)), directory(mode));
        both(0o700).check(&[]);
        both(0o711).check(&[]);
        both(0o755).check(&[audited(RULE, "")]);
        both(0o777).check(&[noted(RULE, "")]);
        both(0o1777).check(&[audited(RULE, "")]);
    }

    #[test]
    fn without_bits_nothing_is_said() {
        Case::modes(None, Modes::default()).check(&[]);
    }

    #[test]
    fn the_message_tells_reading_from_writing() {
        let message = |modes| Case::modes(None, modes).findings()[0].message.clone();
        assert_eq!(message(file(0o640)), "other users can read the file");
        assert_eq!(message(file(0o660)), "other users can write the file");
        assert_eq!(
            message(directory(0o755)),
            "other users can look into the directory of the file"
        );
        assert_eq!(
            message(directory(0o770)),
            "other users can replace the file through its directory"
        );
    }
}
