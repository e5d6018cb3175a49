//! A question that is being answered while its asker goes on.
//!
//! The list of processes takes a millisecond or more to go through, and whoever wants to know the
//! author has something more urgent to do.

use std::cell::LazyCell;
use std::fmt;
use std::thread;

use crate::history::Author;

/// Who wrote a file: known, or being looked for.
pub struct Inquiry(LazyCell<Author, Box<dyn FnOnce() -> Author>>);

impl Inquiry {
    /// The answer is there.
    #[must_use]
    pub fn known(author: Author) -> Self {
        Self(LazyCell::new(Box::new(|| author)))
    }

    /// `search` looks for the answer beside its asker, or at once where no thread can be had. Finding
    /// nobody, and failing, is an unknown author.
    pub(super) fn begin(search: impl Fn() -> Option<Author> + Clone + Send + 'static) -> Self {
        let beside = thread::Builder::new().name("author".to_owned()).spawn(search.clone());
        let answer: Box<dyn FnOnce() -> Author> = match beside {
            Ok(thread) => Box::new(|| thread.join().ok().flatten().unwrap_or_else(Author::unknown)),
            Err(_) => return Self::known(search().unwrap_or_else(Author::unknown)),
        };
        Self(LazyCell::new(answer))
    }

    /// The author. Waits for the answer, some 25 milliseconds at the most.
    #[must_use]
    pub fn author(&self) -> &Author {
        &self.0
    }
}

impl fmt::Debug for Inquiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inquiry(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Certainty;

    #[test]
    fn the_answer_is_waited_for_and_stays_the_same() {
        let inquiry = Inquiry::begin(|| {
            thread::sleep(std::time::Duration::from_millis(5));
            Some(Author { name: "vim".to_owned(), pid: Some(7), certainty: Certainty::OpenFile })
        });
        assert_eq!(inquiry.author().name, "vim");
        assert_eq!(inquiry.author().pid, Some(7));
    }

    #[test]
    fn a_search_that_finds_nobody_or_fails_is_an_unknown_author() {
        let unknown = Author::unknown();
        assert_eq!(*Inquiry::begin(|| None).author(), unknown);
        assert_eq!(*Inquiry::begin(|| panic!("on purpose")).author(), unknown);
    }
}
