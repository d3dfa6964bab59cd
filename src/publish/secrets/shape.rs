//! What stands around the mark of a secret: runs of characters for most kinds, and a few formats that need more of a look.

use super::{
    alphabet::{
        ALNUM, BASE64, DASH, DIGIT, DOT, LOWER_ALNUM, PASSWORD, PLUS, Run, UNDERSCORE, UPPER_ALNUM,
        USER, WORD, is_in, is_mixed, is_placeholder, is_random, length, variety,
    },
    marks::Marks,
    value::{assigned, basic, bearer, is_quote, named},
};

/// How a secret is told from a text that has its mark by chance.
#[derive(Debug)]
pub(super) enum Shape {
    /// Runs of characters, one before the mark and any number after it.
    Key { before: Run, runs: Vec<Run> },
    /// PEM, and what is like it: a header, then lines of base64.
    PrivateKey,
    /// PEM that is in base64 once more.
    EncodedPrivateKey,
    /// A JSON object with `kty` and `d` (RFC 7518).
    JsonWebKey,
    /// A JSON Web Token whose payload has one of these texts, parted by `|`.
    WebToken(&'static str),
    /// `scheme://user:password@host`. Those of the web stand in documents at times: their passwords are to look like some.
    Address { is_web: bool },
    /// A random token after `Bearer`.
    Bearer,
    /// A user and a password in base64.
    Basic,
    /// A random value of a name that has one of these texts.
    Named(&'static str),
}

/// A mark in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'t> {
    /// What is before the mark.
    pub(super) before: &'t [u8],
    /// The mark.
    pub(super) mark: &'t [u8],
    /// What is after it.
    pub(super) after: &'t [u8],
}

impl Shape {
    /// How many bytes after the mark belong to the secret; nothing where there is none.
    pub(super) fn fits(&self, place: Place<'_>) -> Option<usize> {
        match self {
            Self::Key { before, runs } => key(place, *before, runs),
            Self::PrivateKey => private_key(place.after),
            Self::EncodedPrivateKey => encoded_private_key(place),
            Self::JsonWebKey => json_web_key(place),
            Self::WebToken(claims) => web_token(place, claims),
            Self::Address { is_web } => address(place, *is_web),
            Self::Bearer => bearer(place.after),
            Self::Basic => basic(place.after),
            Self::Named(names) => named(place, names),
        }
    }
}

/// Whether a key can begin after this: no letter and no digit is before it, unless they are an escape of JavaScript or of an address.
fn is_bounded(before: &[u8]) -> bool {
    let is_hex = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_hexdigit);
    match before {
        [.., b'\\', b'n' | b'r' | b't' | b'f' | b'b' | b'v' | b'0'] => true,
        [.., b'%', a, b] if is_hex(&[*a, *b]) => true,
        [.., b'\\', b'x', a, b] if is_hex(&[*a, *b]) => true,
        [.., b'\\', b'u', a, b, c, d] if is_hex(&[*a, *b, *c, *d]) => true,
        // As in the addresses of Telegram.
        [.., b'/', b'b', b'o', b't'] => true,
        [.., last] => !is_in(*last, ALNUM | UNDERSCORE),
        [] => true,
    }
}

fn key(place: Place<'_>, before: Run, runs: &[Run]) -> Option<usize> {
    let most = length(place.before.iter().rev(), before.alphabet).min(before.max.into());
    let head = (before.min.into()..=most).find_map(|count| {
        let (start, head) = place.before.split_at_checked(place.before.len() - count)?;
        let first = head.first().or(place.mark.first())?;
        (!is_in(*first, ALNUM | UNDERSCORE) || is_bounded(start)).then_some(head)
    })?;
    let mut rest = place.after;
    let mut has_lower = is_in(b'z', before.alphabet);
    let mut last = 0;
    for run in runs {
        let count = length(rest, run.alphabet).min(run.max.into());
        if count < usize::from(run.min) {
            return None;
        }
        rest = rest.get(count..)?;
        has_lower |= is_in(b'z', run.alphabet);
        last = run.alphabet;
    }
    let is_more = |byte: &u8| is_in(*byte, last | ALNUM | UNDERSCORE);
    if rest.first().is_some_and(is_more) {
        return None;
    }
    let count = place.after.len() - rest.len();
    let text = [head, place.after.get(..count)?].concat();
    // An alphabet without small letters has no names to be mistaken for keys.
    let is_key = !is_placeholder(&text) && (!has_lower || is_mixed(&text));
    is_key.then_some(count)
}

/// The fewest characters of a line of a private key. That of an Ed25519 key has 64.
const MIN_KEY_LINE: usize = 40;

/// How many characters are a key even if its end is not seen: documents show the first line of one at times.
const SURE_KEY: usize = 150;

/// How far after its header a private key is looked for: some have headers of their own.
const MAX_KEY_BYTES: usize = 1_024;

fn private_key(after: &[u8]) -> Option<usize> {
    let is_label = |byte: &&u8| **byte == b' ' || is_in(**byte, UPPER_ALNUM);
    let label = after.iter().take_while(is_label).count();
    let (label, rest) = after.split_at_checked(label)?;
    let is_pem = label.windows(11).any(|part| part == b"PRIVATE KEY") && rest.starts_with(b"-----");
    let is_putty = !label.is_empty() && label.iter().all(u8::is_ascii_digit);
    let (mut at, sure) = match (is_pem, is_putty) {
        (true, _) => (label.len() + 5, SURE_KEY),
        (_, true) => (label.len(), MIN_KEY_LINE),
        _ => return None,
    };
    let mut count = 0;
    while at < MAX_KEY_BYTES {
        let rest = after.get(at..)?;
        if rest.starts_with(b"-----") {
            return (count > 0).then_some(at);
        }
        if let [b'\\', b'n' | b'r' | b't', ..] = rest {
            at += 2;
            continue;
        }
        let line = length(rest, BASE64);
        if count > 0 || rest.get(..line).is_some_and(is_key_line) {
            count += line;
        }
        at += line.max(1);
        if count >= sure {
            return Some(at);
        }
        let is_between = |byte: &u8| byte.is_ascii_whitespace() || is_quote(byte) || *byte == b',';
        if count > 0 && line == 0 && !rest.first().is_some_and(is_between) {
            return None;
        }
    }
    None
}

/// Whether a text can be a line of a key: as varied as base64 is.
fn is_key_line(line: &[u8]) -> bool {
    line.len() >= MIN_KEY_LINE
        && variety(line) >= 16
        && line.iter().any(|byte| is_in(*byte, DIGIT))
        && is_mixed(line)
}

fn encoded_private_key(place: Place<'_>) -> Option<usize> {
    let count = length(place.after, BASE64);
    let text = [place.mark, place.after.get(..count)?].concat();
    let plain = decode(&text);
    let (label, _) = plain.split_at_checked(plain.len().min(MAX_LABEL))?;
    let is_key = count >= SURE_KEY && label.windows(12).any(|part| part == b"PRIVATE KEY-");
    is_key.then_some(count)
}

/// How far into a private key its label ends at most.
const MAX_LABEL: usize = 48;

/// The bytes that base64 stands for, that for addresses as well. Ends at what is none.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut count) = (0u32, 0);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => break,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            let [.., byte] = (bits >> count).to_be_bytes();
            bytes.push(byte);
        }
    }
    bytes
}

/// How far from `kty` its private part may be, in bytes: a key of 4096 bits has members of 700.
const JSON_WEB_KEY_BYTES: usize = 1_000;

fn json_web_key(place: Place<'_>) -> Option<usize> {
    assigned(place.after)?;
    let before = place
        .before
        .get(place.before.len().saturating_sub(JSON_WEB_KEY_BYTES)..)?;
    let after = place
        .after
        .get(..place.after.len().min(JSON_WEB_KEY_BYTES))?;
    // Of the object itself.
    let before = before.rsplit(|byte| *byte == b'{').next()?;
    let after = after.split(|byte| *byte == b'}').next()?;
    (has_private_part(before) || has_private_part(after)).then_some(0)
}

/// Whether a member `d` is among those of an object.
fn has_private_part(members: &[u8]) -> bool {
    let is_private = |at: usize| {
        let name = members.get(..at).unwrap_or_default();
        let value = members.get(at + 1..).and_then(assigned);
        !name.last().is_some_and(|byte| is_in(*byte, WORD))
            && value.is_some_and(|value| value.text.len() >= MIN_KEY_LINE && is_random(value.text))
    };
    members
        .iter()
        .enumerate()
        .any(|(at, byte)| *byte == b'd' && is_private(at))
}

/// The longest payload of a token that is looked at, in bytes.
const MAX_PAYLOAD: usize = 3_000;

fn web_token(place: Place<'_>, claims: &str) -> Option<usize> {
    if !is_bounded(place.before) {
        return None;
    }
    let (claimed, count) = payload(place.after)?;
    let is_said = |claim: &str| {
        claimed
            .windows(claim.len())
            .any(|part| part == claim.as_bytes())
    };
    claims.split('|').any(is_said).then_some(count)
}

/// The payload of a token without its blanks, and the length of the whole, from within its header.
fn payload(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let header = length(text, WORD);
    let rest = text.get(header..)?.strip_prefix(b".")?;
    let count = length(rest, WORD);
    if count > MAX_PAYLOAD || !rest.starts_with(b"e") {
        return None;
    }
    let (claims, rest) = rest.split_at_checked(count)?;
    let signature = length(rest.strip_prefix(b".")?, WORD);
    let mut claims = decode(claims);
    claims.retain(|byte| !byte.is_ascii_whitespace());
    let is_whole = header >= 10 && signature >= 20;
    is_whole.then_some((claims, header + count + signature + 2))
}

/// Passwords that show where one goes, in lower case, without what is no letter. Digits at their ends are none.
const EXAMPLE_PASSWORDS: &str = "|pass|passwd|password|passw|passwort|pwd|pw|p|pa|secret|user|username|usr|u|admin|root|guest|test|testing|\
    example|token|key|apikey|foo|bar|baz|foobar|foobared|x|y|z|a|b|c|abc|me|my|mypassword|mypass|mysecret|mysecretpassword|postgres|mysql|mongo|\
    redis|rabbitmq|dbpass|dbpassword|dbuser|userpass|userpassword|secretpassword|somepassword|thepassword|default|dev|local|hello|world|s|d|";

fn address(place: Place<'_>, is_web: bool) -> Option<usize> {
    let scheme = length(place.before.iter().rev(), LOWER_ALNUM | PLUS | DASH | DOT);
    let scheme = place.before.get(place.before.len() - scheme..)?;
    let is_webs = |known: &&[u8]| scheme.ends_with(known);
    if scheme.is_empty() || is_web != [&b"http"[..], b"https", b"ws", b"wss"].iter().any(is_webs) {
        return None;
    }
    let user = length(place.after, USER);
    let (user, rest) = place.after.split_at_checked(user)?;
    let rest = rest.strip_prefix(b":")?;
    let password = length(rest, PASSWORD);
    let (password, rest) = rest.split_at_checked(password)?;
    let rest = rest.strip_prefix(b"@")?;
    let host = length(rest, WORD | DOT);
    let (host, _) = rest.split_at_checked(host)?;
    let is_strong = is_mixed(password) && password.len() >= 8;
    let is_enough = if is_web {
        is_strong && host.contains(&b'.')
    } else {
        password.len() >= 4
    };
    // A password that looks like one is somebody's, whatever the host is called.
    let is_sure = is_strong && password.len() >= 12;
    let around = if is_sure { &b""[..] } else { host };
    let is_secret = is_enough
        && user != password
        && !is_example_password(password)
        && !is_placeholder(&[password, b"|", around, user].concat())
        && !is_near(host)
        && !Marks::all().is_known(password);
    is_secret.then_some(user.len() + 1 + password.len())
}

pub(super) fn is_example_password(password: &[u8]) -> bool {
    let letters: Vec<u8> = password
        .iter()
        .filter(|byte| is_in(**byte, ALNUM))
        .map(u8::to_ascii_lowercase)
        .collect();
    let digits = length(letters.iter().rev(), DIGIT);
    let word = [
        b"|",
        letters.get(..letters.len() - digits).unwrap_or_default(),
        b"|",
    ]
    .concat();
    let is_template = matches!(password, [b'$' | b'%' | b'*' | b':', ..]) && variety(password) < 8;
    is_template
        || word == b"||"
        || EXAMPLE_PASSWORDS
            .as_bytes()
            .windows(word.len())
            .any(|part| part == word)
}

/// Whether a host is the one that asks, or no host at all.
fn is_near(host: &[u8]) -> bool {
    host.is_empty()
        || [&b"localhost"[..], b"127.", b"0.0.0.0"]
            .iter()
            .any(|near| host.starts_with(near))
        || host.starts_with(b"host") && !host.contains(&b'.')
}
