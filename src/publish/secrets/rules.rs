//! The table of the rules, and how it is read. Formats are those that providers document or that their keys show. Lengths leave room, since keys
//! grow and keep their prefixes.
//!
//! A line is a kind of secret: `what it is : its marks : what stands around them`. Where two rules fit at one place, the upper one names it.
//!
//! - The name of a rule is what it is, without its article and what is in brackets.
//! - A mark is a text that the secret is known by. Marks are parted by `|`; `[abc]` is one of these characters. None is shorter than three.
//! - Around a mark are runs of characters: which, and how many, `w20-40` or `w20`. `a` are letters and digits, `l` small letters and digits, `u`
//!   capitals and digits, `h` hexadecimal digits, `d` digits, `w` letters, digits, `_` and `-`, `b` base64; other characters are themselves. A run
//!   that ends with `<` is before the mark. What begins with `!` is a format of its own ([`Shape`]).
//!
//! What is public by design has no rule: `pk_live_…` of Stripe, `sb_publishable_…` and the `anon` key of Supabase, `AIza…` of Google, which
//! Firebase and Maps want in a page and which is bound to its referrers, the address of a Sentry project, `phc_…` of PostHog.

use super::{
    alphabet::{ALNUM, Alphabet, BASE64, DIGIT, HEX, LOWER_ALNUM, Run, UPPER_ALNUM, WORD, of, run},
    shape::Shape,
    value::{PROVIDERS, SECRET_NAMES},
};

const TABLE: &str = include_str!("rules.txt");

/// One kind of secret.
#[derive(Debug)]
pub(super) struct Rule {
    /// Its name, in kebab case.
    pub(super) id: String,
    /// What it is, with its article.
    pub(super) what: &'static str,
    /// The texts that it is known by, parted by `|`.
    pub(super) marks: &'static str,
    /// What stands around a mark.
    pub(super) shape: Shape,
}

impl Rule {
    /// Those of the table, in its order.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        TABLE.lines().filter_map(Self::of_line)
    }

    /// That of a line; nothing for what is no rule.
    fn of_line(line: &'static str) -> Option<Self> {
        let mut columns = line.splitn(3, " : ").filter(|_| !line.starts_with('#'));
        let (what, marks, form) = (columns.next()?, columns.next()?, columns.next()?);
        let name = what.split(" (").next()?.split_once(' ')?.1;
        let id = name.bytes().map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() => char::from(byte.to_ascii_lowercase()),
            _ => '-',
        });
        Some(Self {
            id: id.collect(),
            what,
            marks,
            shape: shape(form)?,
        })
    }

    /// Whether its secrets begin with its mark.
    pub(super) const fn is_by_start(&self) -> bool {
        matches!(&self.shape, Shape::Key { before, .. } if before.max == 0)
    }
}

/// What the last column of a line says.
fn shape(form: &'static str) -> Option<Shape> {
    if let Some(form) = form.strip_prefix('!') {
        let (name, rest) = form.split_once(' ').unwrap_or((form, ""));
        return Some(match name {
            "pem" => Shape::PrivateKey,
            "encoded-pem" => Shape::EncodedPrivateKey,
            "jwk" => Shape::JsonWebKey,
            "token" => Shape::WebToken(rest),
            "address" => Shape::Address { is_web: false },
            "web-address" => Shape::Address { is_web: true },
            "bearer" => Shape::Bearer,
            "basic" => Shape::Basic,
            "named" => Shape::Named(rest),
            "provider" => Shape::Named(PROVIDERS),
            "secret" => Shape::Named(SECRET_NAMES),
            _ => return None,
        });
    }
    let mut before = Run::NONE;
    let mut runs = Vec::new();
    for text in form.split_ascii_whitespace() {
        match text.strip_suffix('<') {
            Some(text) => before = run_of(text)?,
            None => runs.push(run_of(text)?),
        }
    }
    Some(Shape::Key { before, runs })
}

/// `w20-40`.
fn run_of(text: &str) -> Option<Run> {
    let count = text.find(|letter: char| letter.is_ascii_digit())?;
    let (characters, count) = text.split_at_checked(count)?;
    let (min, max) = count.split_once('-').unwrap_or((count, count));
    let add = |all: Alphabet, byte: u8| all | named(byte);
    Some(run(
        characters.bytes().fold(0, add),
        min.parse().ok()?,
        max.parse().ok()?,
    ))
}

/// The alphabet with this name, or this character alone.
const fn named(name: u8) -> Alphabet {
    match name {
        b'a' => ALNUM,
        b'b' => BASE64,
        b'd' => DIGIT,
        b'h' => HEX,
        b'l' => LOWER_ALNUM,
        b'u' => UPPER_ALNUM,
        b'w' => WORD,
        mark => of(mark),
    }
}
