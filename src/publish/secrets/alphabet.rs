//! Which characters a part of a key is made of, how many of them, and whether they look as if they came from a random source.

/// A set of characters.
pub(super) type Alphabet = u16;

pub(super) const DIGIT: Alphabet = 1;
const LOWER_HEX: Alphabet = 1 << 1;
const LOWER_REST: Alphabet = 1 << 2;
const UPPER_HEX: Alphabet = 1 << 3;
const UPPER_REST: Alphabet = 1 << 4;
pub(super) const UNDERSCORE: Alphabet = 1 << 5;
pub(super) const DASH: Alphabet = 1 << 6;
pub(super) const DOT: Alphabet = 1 << 7;
pub(super) const PLUS: Alphabet = 1 << 8;
pub(super) const SLASH: Alphabet = 1 << 9;
pub(super) const EQUALS: Alphabet = 1 << 10;
pub(super) const PERCENT: Alphabet = 1 << 11;
pub(super) const AT: Alphabet = 1 << 12;
pub(super) const DOLLAR: Alphabet = 1 << 13;
pub(super) const BANG: Alphabet = 1 << 14;
/// What else the user and the password of an address may have.
const ADDRESS_REST: Alphabet = 1 << 15;

pub(super) const LOWER: Alphabet = LOWER_HEX | LOWER_REST;
pub(super) const UPPER: Alphabet = UPPER_HEX | UPPER_REST;
pub(super) const LETTER: Alphabet = LOWER | UPPER;
pub(super) const LOWER_ALNUM: Alphabet = DIGIT | LOWER;
pub(super) const UPPER_ALNUM: Alphabet = DIGIT | UPPER;
pub(super) const ALNUM: Alphabet = DIGIT | LETTER;
pub(super) const HEX: Alphabet = DIGIT | LOWER_HEX | UPPER_HEX;
/// Names of programs, and base64 for addresses.
pub(super) const WORD: Alphabet = ALNUM | UNDERSCORE | DASH;
pub(super) const BASE64: Alphabet = ALNUM | PLUS | SLASH | EQUALS;
pub(super) const USER: Alphabet = WORD | DOT | PLUS | PERCENT | BANG | EQUALS | DOLLAR;
pub(super) const PASSWORD: Alphabet = USER | ADDRESS_REST;

/// The smallest set that a byte is in.
pub(super) const fn of(byte: u8) -> Alphabet {
    match byte {
        b'0'..=b'9' => DIGIT,
        b'a'..=b'f' => LOWER_HEX,
        b'g'..=b'z' => LOWER_REST,
        b'A'..=b'F' => UPPER_HEX,
        b'G'..=b'Z' => UPPER_REST,
        b'_' => UNDERSCORE,
        b'-' => DASH,
        b'.' => DOT,
        b'+' => PLUS,
        b'/' => SLASH,
        b'=' => EQUALS,
        b'%' => PERCENT,
        b'@' => AT,
        b'$' => DOLLAR,
        b'!' => BANG,
        b'#' | b'&' | b'*' | b',' | b':' | b';' | b'?' | b'^' | b'~' => ADDRESS_REST,
        _ => 0,
    }
}

/// Whether a byte is one of these characters.
pub(super) const fn is_in(byte: u8, alphabet: Alphabet) -> bool {
    of(byte) & alphabet != 0
}

/// So many characters of an alphabet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) alphabet: Alphabet,
    pub(super) min: u16,
    pub(super) max: u16,
}

impl Run {
    pub(super) const NONE: Self = run(0, 0, 0);
}

pub(super) const fn run(alphabet: Alphabet, min: u16, max: u16) -> Run {
    Run { alphabet, min, max }
}

/// How many bytes of an alphabet there are from the start.
pub(super) fn length<'b>(bytes: impl IntoIterator<Item = &'b u8>, alphabet: Alphabet) -> usize {
    let is_part = |byte: &&u8| is_in(**byte, alphabet);
    bytes.into_iter().take_while(is_part).count()
}

/// How many different bytes there are. Those beyond ASCII count as one.
pub(super) fn variety(bytes: &[u8]) -> u32 {
    let seen = |seen: u128, byte: &u8| seen | 1 << (byte & 0x7f);
    bytes.iter().fold(0, seen).count_ones()
}

/// What placeholders have in them, parted by `|`; and the beginnings of keys that are published as examples: that of the storage emulator of
/// Azure, of the documents of Square, and of those of a library of elliptic curves.
const PLACEHOLDERS: &str = "xxxx|XXXX|your|Your|YOUR|example|Example|EXAMPLE|placeholder|Placeholder|PLACEHOLDER|redacted|REDACTED|changeme|\
    CHANGEME|VERYLONG|PersonalAccess|ActionToken|Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1|30a-4C_tVOnTh14Piza2Bf|67d53f170b908cabb9eb326c3c337762";

/// The fewest different characters of a key.
const MIN_VARIETY: u32 = 5;

/// So many equal digits in a row fill a placeholder.
const FILLING: usize = 8;

/// Whether a text stands for a key and is none: `sk_live_xxxxxxxxxxxxxxxx`, `AKIAIOSFODNN7EXAMPLE`.
pub(super) fn is_placeholder(text: &[u8]) -> bool {
    let is_filling = |part: &[u8]| variety(part) == 1 && part.iter().all(u8::is_ascii_digit);
    variety(text) < MIN_VARIETY
        || text.windows(FILLING).any(is_filling)
        || PLACEHOLDERS
            .split('|')
            .any(|word| text.windows(word.len()).any(|part| part == word.as_bytes()))
}

/// Whether there are two of digits, small and capital letters. The names that programs give are mostly of one.
pub(super) fn is_mixed(text: &[u8]) -> bool {
    let has = |alphabet| text.iter().any(|byte| is_in(*byte, alphabet));
    u8::from(has(DIGIT)) + u8::from(has(LOWER)) + u8::from(has(UPPER)) >= 2
}

/// The fewest characters of a key that nothing but its name tells.
const MIN_RANDOM: usize = 20;

/// How many characters without anything that parts words nobody writes.
const MAX_WORD: usize = 32;

/// Whether digits stand between the letters of a text again and again, more than in any name.
pub(super) fn is_restless(text: &[u8]) -> bool {
    turns(text) > text.len() / 6
}

/// How often a digit stands beside a letter.
fn turns(text: &[u8]) -> usize {
    let is_turn = |pair: &&[u8]| match pair {
        [a, b] => is_in(*a, DIGIT) && is_in(*b, LETTER) || is_in(*a, LETTER) && is_in(*b, DIGIT),
        _ => false,
    };
    text.windows(2).filter(is_turn).count()
}

/// Whether a text is so irregular that nobody wrote it: digits stand between its letters, or there is no end to it.
pub(super) fn is_random(text: &[u8]) -> bool {
    let turns = turns(text);
    let is_one_word = length(text, BASE64) == text.len();
    text.len() >= MIN_RANDOM
        && variety(text) >= 10
        && !is_placeholder(text)
        && (turns > text.len() / 10 || turns > 0 && is_one_word && text.len() >= MAX_WORD)
}
