//! Where in a text the marks of the rules are: a table of their first three bytes tells most places from the others at a glance.

use std::sync::LazyLock;

use super::rules::{RULES, Rule};

/// Keys that are meant to be seen, parted by `|`: by their names alone they could be taken for secrets.
const PUBLIC: &str = "pk_|pk.|pk-|pub|AIza|sb_publishable_|phc_|eyJ|6L|G-|UA-|GTM-|ca-pub-|client-|sha256-|sha384-|sha512-|NRJS-";

/// How many bits of a number of three bytes choose its place in the table.
const PLACE_BITS: u32 = 15;

const SLOTS: usize = 1 << (PLACE_BITS - 5);

type Triple = [u8; 3];

struct Mark {
    start: Triple,
    text: &'static str,
    rule: &'static Rule,
}

/// 32 places of the table.
#[derive(Clone, Copy, Default)]
struct Slot {
    /// A bit for each place that a mark is at.
    places: u32,
    /// The number of the first mark at one of them.
    first: u16,
}

/// All marks, by their first three bytes.
pub(super) struct Marks {
    table: Box<[Slot; SLOTS]>,
    /// In the order of the slots; with the same start in that of the rules.
    sorted: Vec<Mark>,
}

static MARKS: LazyLock<Marks> = LazyLock::new(Marks::of_rules);

impl Marks {
    /// Those of the rules. They are sorted once.
    pub(super) fn all() -> &'static Self {
        &MARKS
    }

    fn of_rules() -> Self {
        let mut sorted = Vec::new();
        for rule in RULES {
            for text in rule.marks.split('|') {
                let marks = starts(text).into_iter();
                sorted.extend(marks.map(|start| Mark { start, text, rule }));
            }
        }
        sorted.sort_by_key(|mark| place(number(mark.start)));
        let mut table = Box::new([Slot::default(); SLOTS]);
        for (first, mark) in (0..).zip(&sorted) {
            let (slot, bit) = place(number(mark.start));
            if let Some(slot) = table.get_mut(slot) {
                if slot.places == 0 {
                    slot.first = first;
                }
                slot.places |= bit;
            }
        }
        Self { table, sorted }
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
    pub(super) fn at(&self, text: &[u8]) -> impl Iterator<Item = (&'static Rule, usize)> {
        let start = text.first_chunk().copied().unwrap_or_default();
        let (slot, _) = place(number(start));
        let first = self.table.get(slot).map_or(0, |slot| slot.first);
        let marks = self.sorted.get(first.into()..).unwrap_or_default().iter();
        marks
            .take_while(move |mark| place(number(mark.start)).0 == slot)
            .filter(move |mark| mark.start == start)
            .filter_map(|mark| Some((mark.rule, matched(mark.text, text)?)))
    }

    /// Whether a value begins as a key with a mark does, or as one that is public: the rules of these say what it is.
    pub(super) fn is_known(&self, value: &[u8]) -> bool {
        self.at(value).any(|(rule, _)| rule.is_by_start())
            || PUBLIC
                .split('|')
                .any(|start| value.starts_with(start.as_bytes()))
    }
}

const fn number(start: Triple) -> u32 {
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
