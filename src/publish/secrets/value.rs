//! Secrets without a mark of their own, which what stands before them gives away: the name that they are assigned to, or the header that they
//! are sent in.

use super::{
    alphabet::{
        ALNUM, Alphabet, BASE64, DOT, LOWER, WORD, is_in, is_mixed, is_placeholder, is_random,
        is_restless, length,
    },
    marks::Marks,
    shape::{Place, decode, is_example_password},
};

/// The most characters of a token after `Bearer` or a name.
const MAX_VALUE: usize = 300;

pub(super) fn bearer(after: &[u8]) -> Option<usize> {
    let count = length(after, WORD | BASE64 | DOT);
    let token = after.get(..count)?;
    let is_secret = count <= MAX_VALUE && is_random(token) && !Marks::all().is_known(token);
    is_secret.then_some(count)
}

pub(super) fn basic(after: &[u8]) -> Option<usize> {
    let count = length(after, BASE64);
    let plain = decode(after.get(..count.min(MAX_VALUE))?);
    let colon = plain.iter().position(|byte| *byte == b':')?;
    let (user, password) = plain.split_at_checked(colon)?;
    let password = password.strip_prefix(b":")?;
    let is_secret = password.len() >= 8
        && plain.iter().all(u8::is_ascii_graphic)
        && user != password
        && is_mixed(password)
        && !is_example_password(password)
        && !is_placeholder(password)
        && !Marks::all().is_known(password);
    is_secret.then_some(count)
}

/// What the value of a name is made of.
const VALUE: Alphabet = WORD | BASE64 | DOT;

/// A quote, or the backslash before one in a string.
pub(super) const fn is_quote(byte: &u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`' | b'\\')
}

/// What a name is given.
pub(super) struct Value<'t> {
    pub(super) text: &'t [u8],
    /// From the end of the name to that of the value.
    end: usize,
    is_quoted: bool,
    /// Whether a blank is before it.
    is_apart: bool,
}

/// What is assigned to the name that ends here: `: "…"`, `="…"`, `", "…"`, `=…`, in a string of JavaScript as well.
pub(super) fn assigned(after: &[u8]) -> Option<Value<'_>> {
    let skip = |text: &[u8], is: &dyn Fn(&u8) -> bool, most: usize| {
        text.iter().take(most).take_while(|byte| is(byte)).count()
    };
    let mut at = skip(after, &is_quote, 4);
    at += skip(after.get(at..)?, &|byte| *byte == b' ', 4);
    let sign = skip(
        after.get(at..)?,
        &|byte| matches!(byte, b':' | b'=' | b'>' | b',' | b'|' | b'?'),
        3,
    );
    if sign == 0 {
        return None;
    }
    at += sign;
    let blanks = skip(after.get(at..)?, &|byte| *byte == b' ', 4);
    at += blanks;
    let quotes = skip(after.get(at..)?, &is_quote, 4);
    at += quotes;
    let rest = after.get(at..)?;
    let count = length(rest, VALUE);
    let (text, rest) = rest.split_at_checked(count)?;
    let is_quoted = quotes > 0;
    let ends = match rest.first() {
        None => !is_quoted,
        Some(byte) if is_quoted => is_quote(byte),
        Some(byte) => byte.is_ascii_whitespace() || is_quote(byte),
    };
    (ends && count <= MAX_VALUE).then_some(Value {
        text,
        end: at + count,
        is_quoted,
        is_apart: blanks > 0,
    })
}

/// The longest name that is looked at, in bytes.
const MAX_NAME: usize = 64;

/// Names of what is secret whoever it is for, in lower case and without `_` and `-`.
pub(super) const SECRET_NAMES: &str = "secret|privatekey|servicerole|servicekey|serviceapikey|authtoken|apitoken|accesstoken|refreshtoken|bearertoken|\
    admintoken|adminkey|adminapikey|masterkey|encryptionkey|signingkey|deploytoken|accountkey|dbpassword|databasepassword|adminpassword|rootpassword|smtppassword|mailpassword|postgrespassword|\
    pgpassword|mysqlpassword|mongopassword|redispassword|personaltoken";

/// Providers whose keys have no mark of their own and are for servers.
pub(super) const PROVIDERS: &str = "ablyapi|ablykey|alchemyauth|anthropic|anyscale|asana|assemblyai|auth0|awskey|awssecret|awssession|azure|ai21|binance|bitbucket|\
    cartesia|cfapi|cloudflare|cloudinary|codecov|cohere|coinbase|courierauth|databricks|datadog|ddapi|ddapp|deepgram|deepl|deepseek|digitalocean|discord|\
    docker|elastic|elevenlabs|exaapi|fastly|fireworks|gemini|googleai|googlegenerative|github|gitlab|groq|helicone|heroku|hetzner|huggingface|hunterapi|imagekit|\
    intercom|jira|kraken|langchain|linode|loopsapi|mailchimp|mailgun|mailjet|messagebird|minimax|mistral|monday|moonshot|netlify|newsapi|\
    novita|npmtoken|nvidia|okta|openai|opencage|openweather|opsgenie|pagerduty|paypal|perplexity|pinecone|plaid|plivo|postmark|pusher|qdrant|\
    railway|rapidapi|replicate|resend|runpod|sanity|salesforce|sendgrid|sentryauth|serpapi|serper|shodan|shopify|slack|snyk|sparkpost|splunk|\
    spotify|stability|sumologic|supabaseservice|telegram|togetherai|trello|twilio|twitch|twitter|upstash|vercel|vonage|vultr|weaviate|xai|\
    zendesk|zoom";

/// What a name has that says that its value is for all to see, or no key.
const PUBLIC_NAMES: &str =
    "public|publish|anon|site|csrf|xsrf|nonce|search|integrity|hash|checksum|cache|client";

/// Names of the models of Google.
const GOOGLE_MODELS: &str = "gemini|googleai|googlegenerative";

pub(super) fn named(place: Place<'_>, names: &str) -> Option<usize> {
    let value = assigned(place.after)?;
    // Without quotes, a name of a program could stand for its value: only those of the environment are believed, and what is no name of anything,
    // as it is written in comments and in files of settings.
    let is_name = |text| !value.is_apart || !is_restless(text);
    if !value.is_quoted && place.mark.iter().any(|byte| is_in(*byte, LOWER)) && is_name(value.text)
    {
        return None;
    }
    if !is_random(value.text) {
        return None;
    }
    let count = length(place.before.iter().rev(), WORD).min(MAX_NAME);
    let name: Vec<u8> = [place.before.get(place.before.len() - count..)?, place.mark]
        .concat()
        .iter()
        .filter(|byte| is_in(**byte, ALNUM))
        .map(u8::to_ascii_lowercase)
        .collect();
    let has = |list: &str| {
        list.split('|').any(|part| {
            name.windows(part.len())
                .any(|found| found == part.as_bytes())
        })
    };
    let is_public = has(PUBLIC_NAMES) && !has("secret");
    // The keys of Google that pages may have are none of its models'.
    let is_model = value.text.starts_with(b"AIza") && has(GOOGLE_MODELS);
    let is_secret = has(names) && !is_public && (is_model || !Marks::all().is_known(value.text));
    is_secret.then_some(value.end)
}
