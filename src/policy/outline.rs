//! The containers of one document with their paths, for rules that look at the text as written.
//!
//! Dead duplicates are among them. Nothing here recurses.

use crate::doc::{Document, ID, KeyPath, Kind, Node, Segment, Wtf8String, with_id};

/// Every object and array of a document, containers before what they hold.
pub(crate) struct Outline<'d> {
    containers: Vec<Container<'d>>,
}

struct Container<'d> {
    node: Node<'d>,
    /// The container it stands in; the root is its own.
    parent: usize,
    step: Option<Segment>,
}

/// How elements of arrays are named in a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Elements {
    /// By their place.
    ByIndex,
    /// By their `id`, where they have one.
    ById,
    /// All alike, so that paths compare without regard to places.
    Alike,
}

impl<'d> Outline<'d> {
    pub(crate) fn of(document: &'d Document) -> Self {
        let root = Container { node: document.root(), parent: 0, step: None };
        let mut containers = vec![root];
        let mut next = 0;
        while let Some(container) = containers.get(next) {
            let is_array = container.node.kind() == Kind::Array;
            for (index, child) in container.node.children().enumerate() {
                if matches!(child.kind(), Kind::Object | Kind::Array) {
                    let step = if is_array {
                        Some(Segment::Index(index))
                    } else {
                        child.key().map(Segment::Key)
                    };
                    containers.push(Container { node: child, parent: next, step });
                }
            }
            next += 1;
        }
        Self { containers }
    }

    /// The objects, each with the number that [`Outline::path`] asks for.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (usize, Node<'d>)> {
        let nodes = self.containers.iter().map(|container| container.node).enumerate();
        nodes.filter(|(_, node)| node.kind() == Kind::Object)
    }

    /// The path of the container `number`.
    pub(crate) fn path(&self, number: usize, elements: Elements) -> KeyPath {
        let mut segments = Vec::new();
        let mut number = number;
        while let Container { node, parent, step: Some(step) } = &self.containers[number] {
            segments.push(match (step, elements) {
                (Segment::Index(_), Elements::Alike) => Segment::Index(0),
                (Segment::Index(_), Elements::ById) => id_of(*node).unwrap_or_else(|| step.clone()),
                _ => step.clone(),
            });
            number = *parent;
        }
        segments.reverse();
        segments.into_iter().collect()
    }
}

fn id_of(element: Node<'_>) -> Option<Segment> {
    let id = element.get(&Wtf8String::from(ID))?.as_str()?;
    Some(with_id(&id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::Format;

    #[track_caller]
    fn check(source: &str, elements: Elements, expected: &[&str]) {
        let document = Document::parse(source, Format::Json5).unwrap();
        let outline = Outline::of(&document);
        let found: Vec<String> = outline
            .objects()
            .map(|(number, _)| outline.path(number, elements).to_string())
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn objects_have_the_path_asked_for() {
        let source = "{ a: { b: {} }, l: [1, { id: 'x' }, [{}]], a: {} }";
        check(source, Elements::ByIndex, &[".", "a", "a", "a.b", "l[1]", "l[2][0]"]);
        check(source, Elements::ById, &[".", "a", "a", "a.b", "l[id=x]", "l[2][0]"]);
        check(source, Elements::Alike, &[".", "a", "a", "a.b", "l[0]", "l[0][0]"]);
    }
}
