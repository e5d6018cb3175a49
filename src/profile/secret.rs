//! Which paths hold secrets, and which strings only stand for one.

/// What is secret, by path. Compared without regard to case.
#[derive(Clone, Debug, Default)]
pub struct SecretPaths {
    /// The dotted path ends in one of these (`token`).
    pub ends_with: Vec<String>,
    /// The dotted path contains one of these (`password`).
    pub contains: Vec<String>,
    /// Endings that are no secret all the same (`maxtokens`).
    pub except: Vec<String>,
    /// Paths with `*` for any one step (`models.providers.*.headers.*`).
    pub paths: Vec<Vec<String>>,
}

/// Strings that stand for a secret and are none.
#[derive(Clone, Debug, Default)]
pub struct Placeholders {
    /// Sentinels of redaction, never legal anywhere, keys included (`__OPENCLAW_REDACTED__`).
    pub sentinels: Vec<String>,
    /// Junk that is no secret but may stand elsewhere (`undefined`, `null`, `[object Object]`).
    pub junk: Vec<String>,
}
