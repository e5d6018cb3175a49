//! The lines of a service on standard error: for the journal with a priority, for people with a time.
//!
//! A line is one write, so that lines of threads do not mix. Control characters are escaped: a name
//! of a file is somebody else's text. A log that cannot be written is given up, never the guard.
//!
//! By hand on [`tracing`] alone: filters by module and spans are more than these few lines need.

use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::sync::Mutex;
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Level, Metadata, Subscriber};

use super::Surroundings;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verbosity {
    /// What needs a person.
    Quiet,
    /// What happened to a guarded file.
    Normal,
    /// Also why it happened when it did.
    Verbose,
}

/// How a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// With a priority, as the journal takes it: `<6>`.
    Journal,
    /// With the time and the level.
    Plain,
}

impl Style {
    /// The one for standard error: the journal's only if that still is the journal.
    pub(crate) fn of(surroundings: &Surroundings) -> Self {
        match &surroundings.journal_stream {
            Some(stream) if is_standard_error(stream) => Self::Journal,
            _ => Self::Plain,
        }
    }
}

/// Sends what is said through [`tracing`] to standard error, from now on and once for all.
pub(crate) fn begin_log(style: Style, verbosity: Verbosity) {
    // Only a second call fails; the first log goes on then.
    tracing::subscriber::set_global_default(Log::new(style, verbosity, io::stderr())).ok();
}

/// Writes a line an event.
struct Log<W> {
    style: Style,
    most: Level,
    out: Mutex<W>,
}

impl<W: Write + Send + 'static> Log<W> {
    fn new(style: Style, verbosity: Verbosity, out: W) -> Self {
        let most = match verbosity {
            Verbosity::Quiet => Level::WARN,
            Verbosity::Normal => Level::INFO,
            Verbosity::Verbose => Level::DEBUG,
        };
        Self { style, most, out: Mutex::new(out) }
    }

    fn line(&self, event: &Event<'_>, now: SystemTime) -> Result<String, fmt::Error> {
        let level = *event.metadata().level();
        let mut line = Line(match self.style {
            Style::Journal => format!("<{}>", priority(level)),
            Style::Plain => format!("{} {level:5} ", humantime::format_rfc3339_millis(now)),
        });
        let mut rest = Fields::default();
        event.record(&mut rest);
        line.write_str(&rest.message)?;
        for (name, value) in rest.others {
            let separator = if line.0.ends_with(['>', ' ']) { "" } else { " " };
            write!(line, "{separator}{name}={value}")?;
        }
        line.0.push('\n');
        Ok(line.0)
    }
}

impl<W: Write + Send + 'static> Subscriber for Log<W> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.most
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(self.most.into())
    }

    fn event(&self, event: &Event<'_>) {
        // A thread that panicked while it wrote has left a line at most.
        let mut out = self.out.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Ok(line) = self.line(event, confwarden::clock::now()) {
            out.write_all(line.as_bytes()).ok();
        }
    }

    // Spans are not used.
    fn new_span(&self, _span: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}

    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}

    fn enter(&self, _span: &span::Id) {}

    fn exit(&self, _span: &span::Id) {}
}

/// Of `syslog(3)`.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

/// A line that stays one.
struct Line(String);

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            if char.is_control() {
                self.0.extend(char.escape_default());
            } else {
                self.0.push(char);
            }
        }
        Ok(())
    }
}

/// The message and the fields of an event.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, String)>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = format!("{value:?}");
        match field.name() {
            "message" => self.message = value,
            name => self.others.push((name, value)),
        }
    }
}

#[cfg(unix)]
fn is_standard_error(stream: &str) -> bool {
    let Ok(stat) = rustix::fs::fstat(io::stderr()) else { return false };
    stream.split_once(':').is_some_and(|(device, inode)| {
        device.parse() == Ok(stat.st_dev) && inode.parse() == Ok(stat.st_ino)
    })
}

#[cfg(not(unix))]
fn is_standard_error(_stream: &str) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// A log that can be read.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn said(style: Style, verbosity: Verbosity, say: impl FnOnce()) -> String {
        let kept = Kept::default();
        tracing::subscriber::with_default(Log::new(style, verbosity, kept.clone()), say);
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn lines_for_the_journal_begin_with_their_priority() {
        let text = said(Style::Journal, Verbosity::Verbose, || {
            tracing::error!("cannot write");
            tracing::warn!(file = %"a.json", "contested");
            tracing::info!(put_back = 2, took_ms = 7_u64, "healed");
            tracing::debug!(due = true);
        });
        assert_eq!(
            text,
            "<3>cannot write\n<4>contested file=a.json\n<6>healed put_back=2 took_ms=7\n<7>due=true\n"
        );
    }

    #[test]
    fn lines_for_people_begin_with_the_time_and_the_level() {
        let text = said(Style::Plain, Verbosity::Normal, || tracing::info!("watching"));
        let (time, rest) = text.split_once(' ').unwrap();
        assert!(humantime::parse_rfc3339(time).is_ok(), "{text}");
        assert_eq!(rest, "INFO  watching\n");
    }

    #[test]
    fn no_text_of_others_makes_a_line_of_its_own() {
        let file = "a\n<3>root is lost\u{1b}[2J";
        let text = said(Style::Journal, Verbosity::Normal, || tracing::info!(%file, "healed"));
        assert_eq!(text, "<6>healed file=a\\n<3>root is lost\\u{1b}[2J\n");
    }

    #[test]
    fn less_is_said_where_less_is_wanted() {
        let say = || {
            tracing::warn!("one");
            tracing::info!("two");
            tracing::debug!("three");
            tracing::trace!("four");
        };
        for (verbosity, lines) in
            [(Verbosity::Quiet, 1), (Verbosity::Normal, 2), (Verbosity::Verbose, 3)]
        {
            assert_eq!(said(Style::Plain, verbosity, say).lines().count(), lines, "{verbosity:?}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn only_a_standard_error_that_is_the_journal_gets_priorities() {
        let style = |stream: Option<String>| {
            Style::of(&Surroundings { journal_stream: stream, ..Surroundings::default() })
        };
        let stat = rustix::fs::fstat(io::stderr()).unwrap();
        let here = format!("{}:{}", stat.st_dev, stat.st_ino);
        assert_eq!(style(Some(here)), Style::Journal);
        let elsewhere = format!("{}:{}", stat.st_dev, stat.st_ino.wrapping_add(1));
        for other in [Some(elsewhere), Some("x".to_owned()), None] {
            assert_eq!(style(other.clone()), Style::Plain, "{other:?}");
        }
    }
}
