//! Colours, by name or as `#rrggbb`, as the hue and chroma of the theme.

use super::{
    text::{Mark, Token},
    vocabulary::{COLOURS, SHADES},
};

/// A colour of the theme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Colour {
    /// As it was said.
    pub(super) words: String,
    /// Degrees of oklch.
    pub(super) hue: String,
    pub(super) chroma: String,
}

/// The first colour in some words, with how many tokens it takes and where it starts.
pub(super) fn find(tokens: &[Token]) -> Option<(usize, usize, Colour)> {
    tokens.iter().enumerate().find_map(|(index, token)| {
        if token.is_sign('#') {
            let digits = tokens.get(index + 1)?;
            let colour = hex(&digits.lower)?;
            return Some((index, 2, colour));
        }
        let (hue, chroma) = named(token)?;
        let shade = index
            .checked_sub(1)
            .and_then(|before| tokens.get(before))
            .and_then(shade);
        let words = match &shade {
            Some((word, _)) => format!("{word} {}", token.lower),
            None => token.lower.clone(),
        };
        let tenths = shade.as_ref().map_or(10, |(_, tenths)| *tenths);
        let colour = Colour {
            words,
            hue: hue.to_owned(),
            chroma: scaled(chroma, tenths),
        };
        let (start, length) = if shade.is_some() {
            (index - 1, 2)
        } else {
            (index, 1)
        };
        Some((start, length, colour))
    })
}

fn named(token: &Token) -> Option<(&'static str, &'static str)> {
    if !matches!(token.mark, Mark::Word | Mark::Quoted) {
        return None;
    }
    let found = COLOURS
        .split('|')
        .find(|colour| colour.split(' ').next() == Some(token.lower.as_str()))?;
    let mut parts = found.split(' ').skip(1);
    Some((parts.next()?, parts.next()?))
}

fn shade(token: &Token) -> Option<(String, u32)> {
    let found = SHADES
        .split('|')
        .find(|shade| shade.split(' ').next() == Some(token.lower.as_str()))?;
    Some((token.lower.clone(), found.split(' ').nth(1)?.parse().ok()?))
}

/// A chroma of two decimals, times some tenths.
fn scaled(chroma: &str, tenths: u32) -> String {
    let value = chroma.parse::<f64>().unwrap_or(0.16) * f64::from(tenths) / 10.0;
    rounded(value)
}

fn rounded(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A colour of `#rrggbb` or `#rgb`, through the matrices of oklab (Björn Ottosson, 2020).
fn hex(digits: &str) -> Option<Colour> {
    let full = match digits.len() {
        3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
        6 => digits.to_owned(),
        _ => return None,
    };
    let value = u32::from_str_radix(&full, 16).ok()?;
    let channel = |shift: u32| {
        let part = f64::from((value >> shift) & 0xff) / 255.0;
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    };
    let (red, green, blue) = (channel(16), channel(8), channel(0));
    let cone = |r: f64, g: f64, b: f64| (r * red + g * green + b * blue).cbrt();
    let long = cone(0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9);
    let medium = cone(0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6);
    let short = cone(0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5);
    let a = 1.977_998_495_1 * long - 2.428_592_205 * medium + 0.450_593_709_9 * short;
    let b = 0.025_904_037_1 * long + 0.782_771_766_2 * medium - 0.808_675_766 * short;
    let chroma = a.hypot(b).min(0.2);
    let hue = b.atan2(a).to_degrees().rem_euclid(360.0);
    Some(Colour {
        words: format!("#{digits}"),
        hue: format!("{hue:.0}"),
        chroma: rounded(chroma),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::text::tokens, *};

    #[test]
    fn finds_names_shades_and_digits() {
        let of = |text: &str| {
            find(&tokens(text)).map(|(_, _, colour)| (colour.words, colour.hue, colour.chroma))
        };
        let all = |words: &str, hue: &str, chroma: &str| {
            Some((words.to_owned(), hue.to_owned(), chroma.to_owned()))
        };
        assert_eq!(of("make it green"), all("green", "150", "0.15"));
        assert_eq!(of("a Dark Blue theme"), all("dark blue", "255", "0.11"));
        assert_eq!(of("use #7c3aed please"), all("#7c3aed", "293", "0.2"));
        assert_eq!(of("#f00"), all("#f00", "29", "0.2"));
        assert_eq!(of("grey"), all("grey", "255", "0"));
        assert_eq!(of("#zzzzzz"), None);
        assert_eq!(of("add a field"), None);
    }
}
