//! Where in a text the marks of the rules are: a table of their first three bytes tells most places from the others at a glance.

use std::sync::LazyLock;

use super::rules::Rule;

/// Keys that are meant to be seen, parted by `|`: by their names alone they could be taken for secrets.
const PUBLIC: &str = "pk_|pk.|pk-|pub|AIza|sb_publishable_|phc_|eyJ|6L|G-|UA-|GTM-|ca-pub-|client-|sha256-|sha384-|sha512-|NRJS-";

/// How many bits of a number of three bytes choose its place in the table.
const PLACE_BITS: u32 = 15;

const SLOTS: usize = 1 << (PLACE_BITS - 5);

type Triple = [u8; 3];

struct Mark {
    start: Triple,
    text: &'static str,
    /// The number of its rule.
    rule: usize,
    /// The next one of the same slot, as in [`Slot::first`].
    next: u16,
}

/// 32 places of the table.
#[derive(Clone, Copy, Default)]
struct Slot {
    /// A bit for each place that a mark is at.
    places: u32,
    /// One more than the number of the first mark at them.
    first: u16,
}

/// All marks, by their first three bytes.
pub(super) struct Marks {
    pub(super) rules: Vec<Rule>,
    marks: Vec<Mark>,
    table: Box<[Slot; SLOTS]>,
}

static MARKS: LazyLock<Marks> = LazyLock::new(|| Marks::of(Rule::all().collect()));

impl Marks {
    /// Those of the rules. The table is made once.
    pub(super) fn all() -> &'static Self {
        &MARKS
    }

    fn of(rules: Vec<Rule>) -> Self {
        let mut marks = Vec::new();
        let mut table = Box::new([Slot::default(); SLOTS]);
        // The mark that comes last is the first of its slot.
        for (number, rule) in rules.iter().enumerate().rev() {
            for text in rule.marks.split('|') {
                for start in starts(text) {
                    let (slot, bit) = place(u32_of(start));
                    let Some(slot) = table.get_mut(slot) else {
                        continue;
                    };
                    marks.push(Mark {
                        start,
                        text,
                        rule: number,
                        next: slot.first,
                    });
                    slot.first = u16::try_from(marks.len()).unwrap_or_default();
                    slot.places |= bit;
                }
            }
        }
        Self {
            rules,
            marks,
            table,
        }
    }

    /// The places of a text where a mark may begin: few, and not all of them are one.
    #[inline]
    pub(super) fn places(&self, text: &[u8]) -> impl Iterator<Item = usize> {
        let mut last = 0;
        text.iter().enumerate().filter_map(move |(at, byte)| {
            last = last << 8 | u32::from(*byte);
            let (slot, bit) = place(last);
            let may_begin = self
                .table
                .get(slot)
                .is_some_and(|slot| slot.places & bit != 0);
            if may_begin { at.checked_sub(2) } else { None }
        })
    }

    /// The rules whose marks a text begins with, with the length of these.
    pub(super) fn at(&'static self, text: &[u8]) -> impl Iterator<Item = (&'static Rule, usize)> {
        let start = text.first_chunk().copied().unwrap_or_default();
        let (slot, _) = place(u32_of(start));
        let mark = |number: u16| self.marks.get(usize::from(number).checked_sub(1)?);
        let first = self.table.get(slot).and_then(|slot| mark(slot.first));
        std::iter::successors(first, move |last| mark(last.next))
            .filter(move |mark| mark.start == start)
            .filter_map(|mark| Some((self.rules.get(mark.rule)?, matched(mark.text, text)?)))
    }

    /// Whether a value begins as a key with a mark does, or as one that is public: the rules of these say what it is.
    pub(super) fn is_known(&'static self, value: &[u8]) -> bool {
        self.at(value).any(|(rule, _)| rule.is_by_start())
            || PUBLIC
                .split('|')
                .any(|start| value.starts_with(start.as_bytes()))
    }
}

const fn u32_of(start: Triple) -> u32 {
    let [a, b, c] = start;
    u32::from_be_bytes([0, a, b, c])
}

/// The slot and the bit for the last three bytes of a number.
#[inline]
const fn place(number: u32) -> (usize, u32) {
    let place = (number << 8).wrapping_mul(0x9e37_79b1) >> (32 - PLACE_BITS);
    ((place >> 5) as usize, 1 << (place & 31))
}

/// The triples that a mark can begin with.
fn starts(text: &str) -> Vec<Triple> {
    let mut all = vec![[0; 3]];
    let mut rest = text.as_bytes();
    for place in 0..3 {
        let (choices, after) = first(rest);
        let mut longer = Vec::new();
        for start in &all {
            for choice in choices {
                let mut start = *start;
                if let Some(byte) = start.get_mut(place) {
                    *byte = *choice;
                }
                longer.push(start);
            }
        }
        all = longer;
        rest = after;
    }
    all
}

/// The bytes that a mark can begin with, and what follows them.
fn first(text: &[u8]) -> (&[u8], &[u8]) {
    match text {
        [b'[', inner @ ..] => {
            let end = inner.iter().position(|byte| *byte == b']');
            let (choices, rest) = inner.split_at(end.unwrap_or(inner.len()));
            (choices, rest.get(1..).unwrap_or_default())
        }
        _ => text.split_at(text.len().min(1)),
    }
}

/// How long a mark is in a text that begins with it.
fn matched(mark: &str, text: &[u8]) -> Option<usize> {
    let mut rest = mark.as_bytes();
    let mut bytes = text.iter();
    while !rest.is_empty() {
        let (choices, after) = first(rest);
        if !choices.contains(bytes.next()?) {
            return None;
        }
        rest = after;
    }
    Some(text.len() - bytes.len())
}
