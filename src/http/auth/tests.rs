use proptest::prelude::*;

use super::*;

const SECRET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg";

fn token() -> ApiToken {
    format!("osk_local_{SECRET}").parse().unwrap()
}

fn cookie() -> String {
    format!("{COOKIE}=oss_local_{SECRET}")
}

#[test]
fn reads_tokens() {
    assert_eq!(token().workspace().as_str(), "local");
    assert_eq!(
        token().hash(),
        Digest::of(format!("osk_local_{SECRET}").as_bytes())
    );
    for bad in [
        String::new(),
        "osk_local_".to_owned(),
        format!("oss_local_{SECRET}"),
        format!("OSK_local_{SECRET}"),
        format!("osk_Local_{SECRET}"),
        format!("osk__{SECRET}"),
        format!("osk_local_{SECRET}a"),
        format!("osk_local_{}", &SECRET[1..]),
        format!("osk_local_{}_", &SECRET[1..]),
        format!("osk_local_{}é", &SECRET[2..]),
        format!(" osk_local_{SECRET}"),
    ] {
        let error = bad.parse::<ApiToken>().unwrap_err().to_string();
        assert_eq!(
            error, "it must be `osk_<workspace>_` and 43 letters and digits",
            "{bad}"
        );
    }
}

#[test]
fn debug_text_has_no_secret() {
    let text = format!("{:?}", Credential::Token(token()));
    assert_eq!(text, "Token(osk_local_…)");
}

#[test]
fn finds_what_the_caller_shows() {
    let bearer = format!("Bearer osk_local_{SECRET}");
    let good = [
        (Some(bearer.as_str()), None, false),
        (Some(&bearer.replace("Bearer", "bEARER ")), None, false),
        (Some(&bearer), Some(cookie()), false),
        (None, Some(cookie()), true),
        (None, Some(format!("a=b; {};c=d", cookie())), true),
        (None, Some(format!("a=\"x;{}", cookie())), true),
    ];
    for (authorization, cookie, by_cookie) in good {
        let found = credential(authorization, cookie.as_deref()).unwrap();
        assert_eq!(found.by_cookie(), by_cookie, "{authorization:?} {cookie:?}");
        assert_eq!(found.workspace().as_str(), "local");
    }
    let bad = [
        (None, None),
        (None, Some(String::new())),
        (None, Some("a=b".to_owned())),
        (None, Some(cookie().to_lowercase())),
        (None, Some(format!("x{}", cookie()))),
        (None, Some(format!("{COOKIE}="))),
        (None, Some(format!("{}; {}", cookie(), cookie()))),
        (Some(""), Some(cookie())),
        (Some("Bearer"), Some(cookie())),
        (Some("Bearer "), None),
        (Some("Basic b3Nr"), Some(cookie())),
        (Some("Bearer nonsense"), Some(cookie())),
    ];
    for (authorization, cookie) in bad {
        let error = credential(authorization, cookie.as_deref()).unwrap_err();
        assert_eq!(
            error.kind,
            Kind::Unauthenticated,
            "{authorization:?} {cookie:?}"
        );
        assert!(!error.to_string().contains("nonsense"));
    }
}

#[test]
fn cookies_keep_to_the_console() {
    let session = format!("oss_local_{SECRET}").parse().unwrap();
    assert_eq!(
        set_cookie(&session),
        format!(
            "__Host-overskill=oss_local_{SECRET}; Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=Strict"
        )
    );
    assert_eq!(
        clear_cookie(),
        "__Host-overskill=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"
    );
}

#[test]
fn a_cookie_changes_things_from_the_console_only() {
    const CONSOLE: &str = "https://console.example";
    // Origin, Sec-Fetch-Site, may change something by cookie, may log in.
    for (origin, site, change, log_in) in [
        (Some(CONSOLE), None, true, true),
        (Some(CONSOLE), Some("same-origin"), true, true),
        (None, Some("same-origin"), true, true),
        (None, None, false, true),
        (None, Some("none"), false, true),
        (None, Some("same-site"), false, false),
        (None, Some("cross-site"), false, false),
        (Some("null"), Some("same-origin"), false, false),
        (
            Some("https://preview-abcdefgh.apps.test"),
            Some("cross-site"),
            false,
            false,
        ),
        (Some("http://console.example"), None, false, false),
        (Some("https://console.example:8443"), None, false, false),
        (Some("https://console.example.evil"), None, false, false),
        (Some(""), Some("same-origin"), false, false),
    ] {
        assert_eq!(
            check_origin(CONSOLE, origin, site).is_ok(),
            change,
            "{origin:?} {site:?}"
        );
        assert_eq!(
            refuse_foreign_origin(CONSOLE, origin, site).is_ok(),
            log_in,
            "{origin:?} {site:?}"
        );
    }
}

/// The inverse of [`base62`], to show that nothing of the secret is lost.
fn number(digits: &str) -> [u8; SECRET_BYTES] {
    let mut bytes = [0_u8; SECRET_BYTES];
    for digit in digits.bytes() {
        let mut carry = BASE62.iter().position(|other| *other == digit).unwrap();
        for byte in bytes.iter_mut().rev() {
            carry += usize::from(*byte) * 62;
            *byte = u8::try_from(carry & 255).unwrap();
            carry >>= 8;
        }
        assert_eq!(carry, 0, "more than 256 bits");
    }
    bytes
}

proptest! {
    #[test]
    fn fresh_tokens_are_well_formed_and_keep_every_bit(random: [u8; SECRET_BYTES], workspace in "[a-z][a-z0-9]{2,31}") {
        let token = ApiToken::fresh(&workspace.parse().unwrap(), &random);
        prop_assert_eq!(token.reveal().parse::<ApiToken>(), Ok(token.clone()));
        prop_assert_eq!(token.workspace().as_str(), workspace);
        prop_assert_eq!(number(token.reveal().rsplit('_').next().unwrap()), random);
    }

    #[test]
    fn any_header_is_read_or_refused(authorization in proptest::option::of(".{0,80}"), cookie in proptest::option::of(".{0,80}")) {
        let _ = credential(authorization.as_deref(), cookie.as_deref());
    }
}

#[test]
fn the_widest_secrets_fit() {
    assert_eq!(base62(&[0; SECRET_BYTES]), "0".repeat(SECRET_CHARS));
    assert_eq!(number(&base62(&[255; SECRET_BYTES])), [255; SECRET_BYTES]);
}
