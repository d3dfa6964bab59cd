//! No secret stands here as it would in a file: each is put together from its form and a counter, or scanners of repositories would find them.

use proptest::prelude::*;

use super::{
    alphabet::{Alphabet, LOWER_ALNUM, Run, is_in},
    marks::Marks,
    shape::Shape,
    *,
};

/// Secrets as their providers give them out, by the rule that finds them. `{a20}` is 20 characters: `a` letters and digits, `w` those with
/// `_` and `-`, `h` hexadecimal, `l` small letters and digits, `u` capitals and digits, `d` digits, `b` base64, `j` the payload that follows.
const PLANTED: &[(&str, &str)] = &[
    ("supabase-secret-key", "sb_secret_{w22}_{a8}"),
    ("supabase-access-token", "sbp_{h40}"),
    ("supabase-access-token", "sbp_v0_{h40}"),
    ("overskill-token", "osk_acme_{a43}"),
    ("anthropic-key", "sk-ant-api03-{w93}AA"),
    ("anthropic-key", "sk-ant-admin01-{w93}AA"),
    ("anthropic-key", "sk-ant-oat01-{w93}AA"),
    ("openai-key", "sk-proj-{w74}T3BlbkFJ{w74}"),
    ("openai-key", "sk-svcacct-{w58}T3BlbkFJ{w58}"),
    ("openai-key", "sk-admin-{w58}T3BlbkFJ{w58}"),
    ("openai-key", "sk-proj-{a48}"),
    ("model-provider-key", "sk-{a20}T3BlbkFJ{a20}"),
    ("model-provider-key", "sk-{h32}"),
    ("service-key", "sk_{h48}"),
    ("azure-key", "{a76}+ASt{a6}=="),
    ("azure-key", "{a52}JQQJ99{a26}"),
    ("mapbox-secret-token", "sk.eyJ{a60}.{w22}"),
    ("openrouter-key", "sk-or-v1-{h64}"),
    ("groq-key", "gsk_{a52}"),
    ("xai-key", "xai-{a80}"),
    ("perplexity-key", "pplx-{a48}"),
    ("replicate-token", "r8_{a37}"),
    ("hugging-face-token", "hf_{a34}"),
    ("google-oauth-secret", "GOCSPX-{w28}"),
    ("aws-access-key", "AKIA{u16}"),
    ("aws-access-key", "ASIA{u16}"),
    (
        "azure-storage-key",
        "DefaultEndpointsProtocol=https;AccountName=app;AccountKey={b86}==;EndpointSuffix=core.windows.net",
    ),
    ("azure-client-secret", "{a3}8Q~{w34}"),
    ("github-token", "ghp_{a36}"),
    ("github-token", "gho_{a36}"),
    ("github-token", "ghu_{a36}"),
    ("github-token", "ghs_{a36}"),
    ("github-token", "ghr_{a76}"),
    ("github-token", "github_pat_{a22}_{a59}"),
    ("gitlab-token", "glpat-{w20}"),
    ("gitlab-token", "glpat-{w27}.01.{l9}"),
    ("stripe-secret-key", "sk_live_{a24}"),
    ("stripe-secret-key", "sk_test_{a99}"),
    ("stripe-secret-key", "rk_live_{a99}"),
    ("webhook-signing-secret", "whsec_{a32}"),
    ("slack-token", "xoxb-{d12}-{d13}-{a24}"),
    ("slack-token", "xoxp-{d12}-{d12}-{d12}-{h32}"),
    ("slack-token", "xapp-1-A{u10}-{d13}-{h64}"),
    (
        "slack-webhook",
        "https://hooks.slack.com/services/T{u8}/B{u8}/{a24}",
    ),
    ("discord-bot-token", "MTA{a21}.{w6}.{w38}"),
    ("discord-bot-token", "OTk{a23}.{w6}.{w27}"),
    (
        "discord-webhook",
        "https://discord.com/api/webhooks/{d18}/{w68}",
    ),
    ("telegram-bot-token", "{d10}:AA{w33}"),
    (
        "telegram-bot-token",
        "https://api.telegram.org/bot{d10}:AA{w33}/sendMessage",
    ),
    ("twilio-key", "SK{h32}"),
    ("sendgrid-key", "SG.{w22}.{w43}"),
    ("mailgun-key", "key-{h32}"),
    ("mailchimp-key", "{h32}-us12"),
    ("brevo-key", "xkeysib-{h64}-{a16}"),
    ("resend-key", "re_{a8}_{a24}"),
    ("cloudflare-key", "cfut_{a40}{h8}"),
    ("cloudflare-key", "cfk_{a40}{h8}"),
    ("cloudflare-origin-ca-key", "v1.0-{h24}-{h146}"),
    ("npm-token", "npm_{a36}"),
    ("pypi-token", "pypi-AgEIcHlwaS5vcmc{w150}"),
    ("digitalocean-token", "dop_v1_{h64}"),
    ("heroku-key", "HRKU-AA{w58}"),
    ("shopify-token", "shpat_{h32}"),
    ("shopify-token", "shpss_{h32}"),
    ("square-token", "EAAA{w60}"),
    ("square-token", "sq0csp-{w43}"),
    ("databricks-token", "dapi{h32}-2"),
    ("linear-key", "lin_api_{a40}"),
    ("notion-token", "ntn_{d11}{a35}"),
    ("notion-token", "secret_{a43}"),
    ("airtable-token", "pat{a14}.{h64}"),
    ("figma-token", "figd_{w40}"),
    ("vercel-token", "vcp_{a56}"),
    ("netlify-token", "nfp_{a36}"),
    ("fly-token", "fo1_{w43}"),
    ("fly-token", "FlyV1 fm2_{b600}"),
    ("doppler-token", "dp.pt.{a43}"),
    ("vault-token", "hvs.{w95}"),
    ("terraform-token", "{a14}.atlasv1.{w67}"),
    ("grafana-token", "glsa_{a32}_{h8}"),
    ("grafana-token", "glc_{b100}"),
    ("new-relic-key", "NRAK-{u27}"),
    ("sentry-token", "sntryu_{h64}"),
    ("sentry-token", "sntrys_eyJpYXQiO{b120}_{b43}"),
    ("planetscale-token", "pscale_tkn_{w43}"),
    ("planetscale-token", "pscale_pw_{w43}"),
    ("neon-key", "napi_{l64}"),
    ("postman-key", "PMAK-{h24}-{h34}"),
    ("plaid-token", "access-production-{h8}-{h4}-{h4}-{h4}-{h12}"),
    ("hubspot-token", "pat-na1-{h8}-{h4}-{h4}-{h4}-{h12}"),
    ("dropbox-token", "sl.{w138}"),
    (
        "twitter-token",
        "AAAAAAAAAAAAAAAAAAAAA{a26}%2F{a21}%3D{a42}",
    ),
    ("firebase-server-key", "AAAA{a7}:APA91b{w134}"),
    ("facebook-token", "EAAC{a180}"),
    ("age-secret-key", "AGE-SECRET-KEY-1{u58}"),
    (
        "database-password",
        "postgres://app:{a16}@db.abcdef.supabase.co:5432/postgres",
    ),
    (
        "database-password",
        "postgresql://postgres.abcdef:{a12}@aws-0-eu-central-1.pooler.supabase.com:6543/postgres",
    ),
    ("database-password", "mysql://root:hunter{l9}@10.0.0.5/shop"),
    (
        "database-password",
        "mongodb+srv://admin:{a12}@cluster0.ab1cd.mongodb.net/app?retryWrites=true",
    ),
    (
        "database-password",
        "redis://default:{a32}@eu1-grown-cat-1.upstash.io:6379",
    ),
    ("database-password", "redis://:{a32}@cache.acme.io:6379"),
    (
        "database-password",
        "amqps://acme:{a20}@bunny.cloudamqp.com/acme",
    ),
    ("password", "https://deploy:{a16}@git.acme.io/app.git"),
    (
        "database-password",
        "postgres://admin:S3cr3tPassw0rd9@db.example.com:5432/app",
    ),
    (
        "database-password",
        "mongodb+srv://app:{a16}@cluster0.example.mongodb.net/app",
    ),
    (
        "database-password",
        "mysql://root:{a16}@host.docker.internal/shop",
    ),
    (
        "service-role-key",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{j{\"iss\":\"supabase\", \"ref\":\"abcdefghij\", \"role\" : \"service_role\", \"iat\":1700000000}}.{w43}",
    ),
    (
        "turso-token",
        "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.{j{\"a\":\"rw\",\"iat\":1700000000}}.{w86}",
    ),
];

/// Whole texts. `#` is a new line in the file.
const PLANTED_TEXTS: &[(&str, &str)] = &[
    (
        "private-key",
        "#-----BEGIN RSA PRIVATE KEY-----\n{b64}\n{b64}\n{b64}\n-----END RSA PRIVATE KEY-----",
    ),
    (
        "private-key",
        "-----BEGIN PRIVATE KEY-----\n{b64}\n-----END PRIVATE KEY-----",
    ),
    (
        "private-key",
        "-----BEGIN EC PRIVATE KEY-----\r\n{b64}\r\n{b64}\r\n{b36}\r\n-----END EC PRIVATE KEY-----",
    ),
    (
        "private-key",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n{b70}\n{b70}\n{b70}\n-----END OPENSSH PRIVATE KEY-----",
    ),
    (
        "private-key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n{b64}\n{b64}\n{b64}\n",
    ),
    (
        "private-key",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{h32}\n\n{b64}\n{b64}\n{b64}\n",
    ),
    (
        "private-key",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n{b64}\n{b64}\n{b64}\n",
    ),
    (
        "private-key",
        "{\"type\":\"service_account\",\"private_key\":\"-----BEGIN PRIVATE KEY-----\\n{b64}\\n{b64}\\n{b64}\\n-----END PRIVATE KEY-----\\n\"}",
    ),
    (
        "private-key",
        "{\"sourcesContent\":[\"const k = '-----BEGIN PRIVATE KEY-----\\\\n{b64}\\\\n{b64}\\\\n{b64}\\\\n-----END\"]}",
    ),
    (
        "private-key",
        "k=\"-----BEGIN PRIVATE KEY-----\\n\" +\n  \"{b64}\\n\" +\n  \"{b64}\\n\" + \"{b64}\\n\"",
    ),
    (
        "putty-private-key",
        "Private-Lines: 1\n{b48}\nPrivate-MAC: {h64}\n",
    ),
    (
        "encoded-private-key",
        "const k=\"LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUV2UUlCQURBTkJna3Foa2l{b300}\"",
    ),
    (
        "private-json-web-key",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"{w43}\",\"y\":\"{w43}\",\"d\":\"{w43}\"}",
    ),
    (
        "private-json-web-key",
        "const k={crv:\"P-256\",d:\"{w43}\",kty:\"EC\",x:\"{w43}\"}",
    ),
    ("provider-key", "const e={VITE_MISTRAL_API_KEY:\"{a32}\"}"),
    ("provider-key", "#TWILIO_AUTH_TOKEN={h32}\nA=b"),
    (
        "provider-key",
        "headers:{\"X-Postmark-Server-Token\":\"{h8}-{h4}-{h4}-{h4}-{h12}\"}",
    ),
    ("provider-key", "{VITE_GEMINI_API_KEY:\"AIzaSy{w33}\"}"),
    ("provider-key", "{cohereApiKey:'{a40}'}"),
    ("aws-secret-key", "AWS_SECRET_ACCESS_KEY={b40}\n"),
    (
        "aws-secret-key",
        "{accessKeyId:e,secretAccessKey:\"{b40}\"}",
    ),
    ("named-secret", "const o={clientSecret:\"{a40}\"}"),
    ("named-secret", "{\\\"JWT_SECRET\\\":\\\"{b88}\\\"}"),
    (
        "named-secret",
        "fetch(u,{headers:{\"x-admin-key\":\"{a40}\"}})",
    ),
    ("named-secret", "const privateKey=\"0x{h64}\""),
    (
        "aws-secret-key",
        "aws_secret_access_key = k7Qp2mX9vB4nR8sT1wY6zA3cD5eF0gH2jL7uN9qP",
    ),
    (
        "named-secret",
        "/* client_secret: k7Qp2mX9vB4nR8sT1wY6zA3cD5eF0gH2 */",
    ),
    (
        "authorization-header",
        "headers:{Authorization:\"Bearer {a40}\"}",
    ),
    (
        "authorization-header",
        "headers:{Authorization:\"Basic YWNtZS1zaG9wOnMzY3IzdFB3OTkxMQ==\"}",
    ),
];

/// What is public, what stands for a key, what is too short, and what looks like a key from afar.
const INNOCENT: &[&str] = &[
    "pk_live_{a24}",
    "pk_test_{a99}",
    "sb_publishable_{w22}_{a8}",
    "AIzaSy{w33}",
    "{apiKey:\"AIzaSy{w33}\",appId:\"1:{d12}:web:{h22}\"}",
    "https://{h32}@o{d6}.ingest.sentry.io/{d7}",
    "phc_{a43}",
    "pk.eyJ{a60}.{a22}",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{j{\"iss\":\"supabase\",\"ref\":\"abcdefghij\",\"role\":\"anon\"}}.{w43}",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{j{\"sub\":\"1234567890\",\"name\":\"John Doe\",\"iat\":1516239022}}.{w43}",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{j{\"role\":\"authenticated\",\"x\":\"service_role\"}}.{w43}",
    "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx",
    "sk_live_000000000000000000000000",
    "sk_live_YOUR_SECRET_KEY_0123456789",
    "sk_live_{a8}",
    "sk_live_",
    "sk-ant-api03-...",
    "sk-ant-{a12}",
    "sk-proj-your-key-goes-here-0123456789abcdefgh",
    "task_live_{a24}",
    "AKIAIOSFODNN7EXAMPLE",
    "{accessKeyId:\"AKIAIOSFODNN7EXAMPLE\",secretAccessKey:\"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\"}",
    "AKIA{u15}",
    "AKIA{u17}",
    "ghp_{a20}",
    "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "ghp_PersonalAccessToken01245678900000000",
    "xoxb-your-token",
    "npm_config_user_agent_and_something_longer",
    "npm_{a37}",
    "hf_hub_download_from_a_repository_of_models",
    "secret_key_of_the_application_that_is_not_known_here",
    "postgres://user:password@localhost:5432/app",
    "postgres://user:password@db.acme.io:5432/app",
    "postgres://app:{a16}@localhost/app",
    "postgres://app:${PASSWORD}@db.acme.io/app",
    "postgres://app:[YOUR-PASSWORD]@db.acme.io/app",
    "postgresql://postgres:postgres@db:5432/postgres",
    "mongodb://user:pass@host1:27017,host2:27017/app",
    "redis://localhost:6379",
    "https://user:pass@proxy.acme.io:8080",
    "https://acme.io:8080/a:b@c",
    "https://cdn.acme.io/npm/@scope/package@1.2.3",
    "https://username:password123@example.com",
    "new RegExp(\"^https?://[^:]+:[^@]+@\")",
    "-----BEGIN PRIVATE KEY-----",
    "t.startsWith(\"-----BEGIN PRIVATE KEY-----\")?n(t.replace(/-----BEGIN PRIVATE KEY-----|-----END PRIVATE KEY-----/g,\"\")):e",
    "`-----BEGIN ${e} PRIVATE KEY-----\\n${t}\\n-----END ${e} PRIVATE KEY-----`",
    "-----BEGIN PRIVATE KEY-----\\nMIIEvQ...\\n-----END PRIVATE KEY-----",
    "For example: -----BEGIN RSA PRIVATE KEY-----\\n{b64}\\n.",
    "-----BEGIN PUBLIC KEY-----\n{b64}\n{b64}\n-----END PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----\n{b64}\n{b64}\n{b64}\n-----END CERTIFICATE-----",
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"{w43}\",\"y\":\"{w43}\"}",
    "{h8}-{h4}-{h4}-{h4}-{h12}",
    "integrity=\"sha384-{b64}\"",
    "\"integrity\":\"sha512-{b86}==\"",
    "assets/index-{w8}.js",
    "data:image/png;base64,iVBORw0KGgo{b2000}=",
    "url(data:font/woff2;base64,d09GMgABAAAA{b4000})",
    "{\"version\":3,\"mappings\":\"AAAA,SAASA,EAAEC,GACP,OAAOC,KAAKC,IAAIF,EACpB,CAAAG,SKAAQ\"}",
    "{h64}",
    "\"{h40}\"",
    "cacheKey:\"{a40}\"",
    "publicKey:\"{a60}\"",
    "siteKey:\"6L{a38}\"",
    "searchKey:\"{h32}\"",
    "apiKey:\"{h32}\"",
    "clientId:\"{a40}\"",
    "csrfToken:\"{a40}\"",
    "{secretKey:e.secretKey,clientSecret:t.client_secret}",
    "clientSecret:\"client-secret-of-the-oauth2-application\"",
    "t.clientSecret = getTheClientSecretOfOauth2FromTheConfiguration",
    "accessToken: useAccessTokenOfTheSession2FromContext",
    "YCM{a30}",
    "YCM{a44}",
    "postgres://user:{a8}@example.com/app",
    "MISTRAL_API_KEY=process.env.MISTRAL_API_KEY",
    "const secretKey=e||\"\"",
    "Authorization:`Bearer ${e}`",
    "Authorization:\"Bearer YOUR_ACCESS_TOKEN_0123456789abcdef\"",
    "Authorization:\"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\"",
    concat!(
        "devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1",
        "OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
    ),
];

/// The characters of a class, and no other numbers than the state has: the same ones in every run.
fn characters(class: char, count: usize, state: &mut u64) -> String {
    let alphabet: &[u8] = match class {
        'a' => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        'w' => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-",
        'h' => b"0123456789abcdef",
        'l' => b"abcdefghijklmnopqrstuvwxyz0123456789",
        'u' => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        'd' => b"0123456789",
        'b' => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        _ => panic!("no class {class}"),
    };
    let mut next = || char::from(alphabet[random(state) as usize % alphabet.len()]);
    (0..count).map(|_| next()).collect()
}

fn random(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// A form with its characters.
fn filled(form: &str, state: &mut u64) -> String {
    let mut text = String::new();
    let mut rest = form;
    while let Some(at) = rest.find('{') {
        text.push_str(&rest[..at]);
        let inner = &rest[at + 1..];
        if let Some(payload) = inner.strip_prefix('j') {
            let end = payload.find("}}").unwrap() + 1;
            text.push_str(&base64(&payload[..end]));
            rest = &payload[end + 1..];
            continue;
        }
        let class = inner.chars().next();
        let count = inner.get(1..).and_then(|inner| inner.split_once('}'));
        match (
            class,
            count.and_then(|(count, after)| Some((count.parse().ok()?, after))),
        ) {
            (Some(class), Some((count, after))) => {
                text.push_str(&characters(class, count, state));
                rest = after;
            }
            _ => {
                text.push('{');
                rest = inner;
            }
        }
    }
    text.push_str(rest);
    text
}

fn base64(text: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(text)
}

fn path() -> ProjectPath {
    "assets/index-abc.js".parse().unwrap()
}

fn found(text: &str) -> Vec<(&'static str, usize)> {
    let leaks = scan(&path(), text.as_bytes());
    leaks
        .into_iter()
        .map(|leak| (leak.rule, leak.line))
        .collect()
}

/// The places of files that a secret stands in: before it, after it, its line.
const CONTEXTS: [(&str, &str, usize); 12] = [
    ("", "", 1),
    (
        "import{r as e}from\"./react.js\";const t=\"",
        "\",n=()=>fetch(\"/api\",{headers:{k:t}});export{n as default};",
        1,
    ),
    ("(()=>{var e='", "';return e})()", 1),
    ("const a=`", "`;", 1),
    ("{\"key\": \"", "\", \"other\": [1, 2]}\n", 1),
    (
        "{\"version\":3,\"sourcesContent\":[\"import x from 'y'\\n\\nconst key = \\\"",
        "\\\"\\nexport {}\\n\"],\"mappings\":\"AAAA\"}",
        1,
    ),
    (
        "{\"sourcesContent\":[\"# .env\\nA=b\\nKEY=",
        "\\nC=d\"]}",
        1,
    ),
    ("A=b\nVITE_SECRET_THING=", "\nC=d\n", 2),
    (
        "<!doctype html>\n<html>\n<head><meta name=\"k\" content=\"",
        "\"></head></html>",
        3,
    ),
    ("x=\"https%3A%2F%2Facme.io%3Fkey%3D", "\"", 1),
    ("e(\"k\\u003d", "\")", 1),
    ("\u{0}\u{1}PNG\u{fffd}\n", "\u{0}\u{7f}", 2),
];

#[test]
fn every_planted_secret_is_found_wherever_it_stands_and_by_its_rule() {
    let mut state = 1;
    for (rule, form) in PLANTED {
        for (before, after, line) in CONTEXTS {
            let text = format!("{before}{}{after}", filled(form, &mut state));
            assert_eq!(found(&text), [(*rule, line)], "{form} in {text}");
        }
    }
    for (rule, form) in PLANTED_TEXTS {
        let text = filled(form, &mut state).replace('#', "\n");
        let line = 1 + usize::from(form.starts_with('#'));
        assert_eq!(found(&text), [(*rule, line)], "{form} in {text}");
    }
}

#[test]
fn nothing_innocent_is_found_wherever_it_stands() {
    let mut state = 2;
    for form in INNOCENT {
        for (before, after, _) in CONTEXTS {
            let text = format!("{before}{}{after}", filled(form, &mut state));
            assert_eq!(found(&text), [], "{form} in {text}");
        }
    }
}

/// A secret as the table describes it: of the shortest or the longest form, with the first of the characters that a mark leaves open.
fn of_table(mark: &str, before: Run, runs: &[Run], is_long: bool, state: &mut u64) -> String {
    let mut text = String::new();
    let mut add = |text: &mut String, run: Run| {
        let count = if is_long { run.max } else { run.min };
        (0..count).for_each(|_| text.push(one_of(run.alphabet, state)));
    };
    add(&mut text, before);
    let mut is_choice = false;
    for letter in mark.chars() {
        match letter {
            '[' => is_choice = true,
            ']' => is_choice = false,
            letter => text.push(letter),
        }
        if is_choice && letter != '[' {
            let rest = &mark[mark.find(']').unwrap() + 1..];
            text.push_str(rest);
            break;
        }
    }
    for run in runs {
        add(&mut text, *run);
    }
    text
}

/// Any of an alphabet, of its letters and digits where it has some.
fn one_of(alphabet: Alphabet, state: &mut u64) -> char {
    let plain: Vec<u8> = (0..128)
        .filter(|byte: &u8| byte.is_ascii_alphanumeric() && is_in(*byte, alphabet))
        .collect();
    let marks: Vec<u8> = (0..128).filter(|byte| is_in(*byte, alphabet)).collect();
    let all = if plain.is_empty() { marks } else { plain };
    char::from(all[random(state) as usize % all.len()])
}

#[test]
fn every_mark_of_the_table_leads_to_its_rule() {
    let mut state = 3;
    for rule in &Marks::all().rules {
        let Shape::Key { before, runs } = &rule.shape else {
            let is_planted =
                |planted: &&[(&str, &str)]| planted.iter().any(|(id, _)| *id == rule.id);
            assert!(
                [PLANTED, PLANTED_TEXTS].iter().any(is_planted) || rule.id == "pinata-token",
                "{}",
                rule.id
            );
            continue;
        };
        for mark in rule.marks.split('|') {
            let is_simple = mark.matches('[').count() < 2;
            for is_long in [false, true] {
                if !is_simple {
                    continue;
                }
                let secret = of_table(mark, *before, runs, is_long, &mut state);
                let leaks = found(&format!("const a=\"{secret}\";"));
                assert_eq!(leaks.len(), 1, "{}: {secret}", rule.id);
                assert_eq!(leaks[0].0, rule.id, "{secret}");
            }
        }
    }
}

#[test]
fn the_table_keeps_to_its_own_terms() {
    let is_rule = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let lines = include_str!("rules.txt").lines().filter(is_rule).count();
    assert_eq!(Marks::all().rules.len(), lines);
    for rule in &Marks::all().rules {
        let is_kebab = |byte: u8| byte == b'-' || is_in(byte, LOWER_ALNUM);
        assert!(rule.id.bytes().all(is_kebab), "{}", rule.id);
        assert!(
            ["a ", "an ", "the "]
                .iter()
                .any(|article| rule.what.starts_with(article)),
            "{}",
            rule.id
        );
        assert!(
            rule.marks.split('|').all(|mark| mark.len() >= 3),
            "{}",
            rule.id
        );
        if let Shape::Key { before, runs } = &rule.shape {
            assert!(usize::from(before.max) < BEHIND, "{}", rule.id);
            let length: usize = runs.iter().map(|run| usize::from(run.max)).sum();
            assert!(length + 64 < AHEAD, "{}", rule.id);
            assert!(
                runs.iter().chain([before]).all(|run| run.min <= run.max),
                "{}",
                rule.id
            );
        }
    }
    assert!(Marks::all().rules.len() >= 100);
    assert!(Marks::all().places(b"plain words").count() < 3);
}

#[test]
fn a_leak_says_where_and_what_to_do_and_shows_no_secret() {
    let secret = filled("sk_live_{a24}", &mut 4);
    let leaks = scan(&path(), format!("\n\nconst a=\"{secret}\"").as_bytes());
    let [leak] = &leaks[..] else {
        panic!("{leaks:?}")
    };
    let text = leak.to_string();
    assert_eq!(
        text,
        "`assets/index-abc.js`, line 3: a Stripe secret key (or one of Clerk or Paystack) (rule `stripe-secret-key`). \
         Everyone who opens the app could read it. Keep it in a secret variable of code that runs on a server, and revoke this one, \
         since it has been in a build"
    );
    let shown = format!("{text}{leak:?}{}", serde_json::to_string(leak).unwrap());
    assert!(
        secret.as_bytes()[8..]
            .windows(6)
            .all(|part| !shown.as_bytes().windows(6).any(|shown| shown == part))
    );
}

#[test]
fn what_is_listed_is_bounded_and_the_same_is_listed_once_a_line() {
    let mut state = 5;
    let mut many = |count: usize, end: &str| {
        let lines = (0..count).map(|_| format!("\"{}\"{end}", filled("ghp_{a36}", &mut state)));
        lines.collect::<String>()
    };
    assert_eq!(found(&many(3, ",")), [("github-token", 1)]);
    let text = many(MAX_LEAKS + 5, "\n");
    assert_eq!(found(&text).len(), MAX_LEAKS);
    assert_eq!(found(&text).last(), Some(&("github-token", MAX_LEAKS)));
    let mut scanner = Scanner::new(&path());
    text.bytes().for_each(|byte| scanner.push(&[byte]));
    assert_eq!(scanner.finish().len(), MAX_LEAKS);
}

/// Texts as bundlers write them, with marks of secrets and whole ones among them.
fn bundles() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[a-zA-Z0-9_$.,;:=(){}\\[\\]\"'`\\\\/+*?!&|<> \n-]{0,300}",
        2 => Just("x".repeat(3_000)),
        1 => any::<prop::sample::Index>().prop_map(|index| {
            let rule = index.get(&Marks::all().rules);
            rule.marks.split('|').next().unwrap_or_default().to_owned()
        }),
        2 => (any::<prop::sample::Index>(), any::<u64>()).prop_map(|(index, mut state)| {
            format!("\"{}\"\n", filled(index.get(PLANTED).1, &mut state))
        }),
        2 => (any::<prop::sample::Index>(), any::<u64>()).prop_map(|(index, mut state)| {
            filled(index.get(PLANTED_TEXTS).1, &mut state)
        }),
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_of_any_size_find_what_the_whole_finds(text in bundles(), sizes in prop::collection::vec(1usize..6_000, 1..8)) {
        let mut scanner = Scanner::new(&path());
        let mut rest = text.as_bytes();
        for size in sizes.iter().cycle() {
            let (piece, after) = rest.split_at(rest.len().min(*size));
            scanner.push(piece);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(scanner.finish(), scan(&path(), text.as_bytes()));
    }

    #[test]
    fn any_bytes_are_scanned(bytes in prop::collection::vec(any::<u8>(), 0..600), mark in any::<prop::sample::Index>(), at in any::<prop::sample::Index>()) {
        let mut bytes = bytes;
        let mark = mark.get(&Marks::all().rules).marks.split('|').next().unwrap_or_default();
        let at = at.index(bytes.len() + 1);
        bytes.splice(at..at, mark.bytes());
        prop_assert!(scan(&path(), &bytes).len() <= MAX_LEAKS);
    }

    #[test]
    fn where_a_secret_stands_is_all_the_same(
        before in "[a-z;=(){}\n]{0,3000}",
        planted in any::<prop::sample::Index>(),
        mut state in any::<u64>(),
        after in "[a-z;=(){}\n]{0,3000}",
    ) {
        let (rule, form) = planted.get(PLANTED);
        let secret = filled(form, &mut state);
        // One in some hundred is as regular as a name.
        prop_assume!(found(&secret) == [(*rule, 1)]);
        let line = 1 + before.matches('\n').count();
        let text = format!("{before}\"{secret}\"{after}");
        prop_assert_eq!(found(&text), [(*rule, line)]);
    }
}

#[test]
fn random_secrets_are_hardly_ever_taken_for_placeholders() {
    let mut state = 6;
    let mut missed = 0;
    for _ in 0..100 {
        for (rule, form) in PLANTED {
            let secret = filled(form, &mut state);
            missed += usize::from(found(&format!("\"{secret}\"")) != [(*rule, 1)]);
        }
    }
    assert!(missed * 1_000 < PLANTED.len() * 100, "{missed}");
}
