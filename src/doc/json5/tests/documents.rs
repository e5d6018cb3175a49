//! Documents for property tests: any value in any layout, with comments everywhere.

use proptest::prelude::*;

/// What a document means, and nothing of how it looks.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// A scalar as written.
    Scalar(&'static str),
    /// A string, which is quoted in some way.
    Text(&'static str),
    Array(Vec<Shape>),
    Object(Vec<(&'static str, Shape)>),
}

/// Keys that need no quotes.
pub(super) const PLAIN_KEYS: [&str; 6] = ["a", "b", "c", "$d", "e_1", "null"];
const ODD_KEYS: [&str; 4] = ["a.b", "x-y", "", "ä"];
const TEXTS: [&str; 8] = ["", "x", "lan", "a, b", "// no", "/* no */", "{ }", "ä 😀"];

pub(super) fn shapes() -> impl Strategy<Value = Shape> {
    let scalars = ["1", "-2.5", "true", "null", "false", "1e3", "0", "12345"];
    let leaf = prop_oneof![
        prop::sample::select(scalars.to_vec()).prop_map(Shape::Scalar),
        prop::sample::select(TEXTS.to_vec()).prop_map(Shape::Text),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Shape::Array),
            members(inner).prop_map(Shape::Object),
        ]
    })
}

/// Objects; some keys stand in them twice.
pub(super) fn objects() -> impl Strategy<Value = Shape> {
    members(shapes()).prop_map(Shape::Object)
}

fn members(
    inner: impl Strategy<Value = Shape>,
) -> impl Strategy<Value = Vec<(&'static str, Shape)>> {
    let keys = [PLAIN_KEYS.as_slice(), ODD_KEYS.as_slice()].concat();
    prop::collection::vec((prop::sample::select(keys), inner), 0..6)
}

/// How much a document uses of JSON5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dress {
    /// Strict JSON.
    Strict,
    /// Comments, commas, quotes and white space of all sorts.
    Json5,
}

/// Writes `shape` in a layout drawn from `seed`.
pub(super) fn write(shape: &Shape, seed: u64, dress: Dress) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let json5 = dress == Dress::Json5;
    let mut writer = Writer {
        newline: ["\n", "\n", "\r\n"][random.usize(..3)],
        unit: ["  ", "    ", "\t"][random.usize(..3)],
        quote: if json5 && random.bool() { '\'' } else { '"' },
        bare: json5 && random.bool(),
        trailing: json5 && random.bool(),
        comma_first: random.u8(..8) == 0,
        comments: if json5 { [0, 2, 5][random.usize(..3)] } else { 0 },
        many: [0, 7, 10][random.usize(..3)],
        count: 0,
        out: String::new(),
        random,
        json5,
    };
    if writer.random.u8(..8) == 0 {
        writer.out.push('\u{FEFF}');
    }
    writer.own_line_comment("");
    writer.value(shape, "");
    if writer.random.bool() {
        let newline = writer.newline;
        writer.out.push_str(newline);
    }
    writer.out
}

struct Writer {
    newline: &'static str,
    unit: &'static str,
    quote: char,
    bare: bool,
    trailing: bool,
    comma_first: bool,
    /// How many of ten places get a comment.
    comments: u8,
    /// How many of ten containers get many lines.
    many: u8,
    count: usize,
    out: String,
    random: fastrand::Rng,
    json5: bool,
}

impl Writer {
    fn value(&mut self, shape: &Shape, indent: &str) {
        match shape {
            Shape::Scalar(text) => self.out.push_str(text),
            Shape::Text(text) => self.string(text),
            Shape::Array(elements) => {
                let items: Vec<(Option<&str>, &Shape)> =
                    elements.iter().map(|element| (None, element)).collect();
                self.container(&items, ('[', ']'), indent);
            }
            Shape::Object(members) => {
                let items: Vec<(Option<&str>, &Shape)> =
                    members.iter().map(|(key, value)| (Some(*key), value)).collect();
                self.container(&items, ('{', '}'), indent);
            }
        }
    }

    fn container(
        &mut self,
        items: &[(Option<&str>, &Shape)],
        (open, close): (char, char),
        indent: &str,
    ) {
        self.out.push(open);
        if self.random.u8(..10) < self.many {
            self.lines(items, indent);
        } else {
            self.line(items, indent);
        }
        self.out.push(close);
    }

    fn lines(&mut self, items: &[(Option<&str>, &Shape)], indent: &str) {
        let inner = format!("{indent}{}", self.unit);
        self.end_of_line_comment();
        for (index, (key, value)) in items.iter().enumerate() {
            self.own_line_comment(&inner);
            self.new_line(&inner);
            if self.comma_first && index > 0 {
                self.out.push_str(", ");
            }
            self.item(*key, value, &inner);
            let is_last = index + 1 == items.len();
            if !self.comma_first && (!is_last || self.trailing) {
                self.inline_comment();
                self.out.push(',');
            }
            self.end_of_line_comment();
        }
        self.own_line_comment(&inner);
        self.new_line(indent);
    }

    fn line(&mut self, items: &[(Option<&str>, &Shape)], indent: &str) {
        let padding = if self.random.bool() { " " } else { "" };
        self.out.push_str(padding);
        self.inline_comment();
        for (index, (key, value)) in items.iter().enumerate() {
            self.item(*key, value, indent);
            self.inline_comment();
            if index + 1 < items.len() {
                self.out.push(',');
                self.out.push_str(padding);
                self.inline_comment();
            } else if self.trailing && self.random.bool() {
                self.out.push(',');
                self.inline_comment();
            }
        }
        self.out.push_str(padding);
    }

    fn item(&mut self, key: Option<&str>, value: &Shape, indent: &str) {
        if let Some(key) = key {
            if self.bare && PLAIN_KEYS.contains(&key) {
                self.out.push_str(key);
            } else {
                self.string(key);
            }
            self.inline_comment();
            self.out.push(':');
            self.inline_comment();
            self.out.push_str([" ", " ", ""][self.random.usize(..3)]);
        }
        self.value(value, indent);
    }

    fn string(&mut self, text: &str) {
        self.out.push(self.quote);
        self.out.push_str(text);
        if self.json5 && self.random.u8(..16) == 0 {
            self.out.push_str("\\\n    ");
        }
        self.out.push(self.quote);
    }

    fn new_line(&mut self, indent: &str) {
        if self.random.u8(..8) == 0 {
            self.out.push_str(self.newline);
        }
        self.out.push_str(self.newline);
        self.out.push_str(indent);
    }

    fn wants_comment(&mut self) -> bool {
        self.count += 1;
        self.random.u8(..10) < self.comments
    }

    fn inline_comment(&mut self) {
        if self.wants_comment() && self.random.u8(..4) == 0 {
            self.out.push_str(&format!(" /* in {} */ ", self.count));
        }
    }

    fn end_of_line_comment(&mut self) {
        if self.wants_comment() {
            self.out.push_str(&format!(" // end {}", self.count));
        }
    }

    fn own_line_comment(&mut self, indent: &str) {
        while self.wants_comment() {
            self.new_line(indent);
            let count = self.count;
            let newline = self.newline;
            self.out.push_str(&match self.random.u8(..4) {
                0 => format!("// off_{count}: {count},"),
                1 => format!("/* block {count}{newline}{indent}   it's */"),
                _ => format!("// own {count}"),
            });
        }
        if indent.is_empty() {
            self.new_line("");
        }
    }
}
