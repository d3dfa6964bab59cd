//! The kinds of secrets that are known, as a table. Formats are those that providers document, or that their own keys show; lengths leave
//! room, since providers lengthen keys and keep their prefixes.
//!
//! What is public by design has no rule: `pk_live_…` of Stripe, `sb_publishable_…` and the `anon` key of Supabase, `AIza…` of Google, which
//! Firebase and Maps want in a page and which is bound to its referrers, the address of a Sentry project, `phc_…` of PostHog.

use super::{
    alphabet::{
        ALNUM, AT, BANG, BASE64, DASH, DIGIT, DOLLAR, DOT, EQUALS, HEX, LOWER_ALNUM, PERCENT, Run,
        SLASH, UNDERSCORE, UPPER_ALNUM, WORD, run,
    },
    shape::Shape,
};

/// One kind of secret.
#[derive(Debug)]
pub(super) struct Rule {
    /// Its name, in kebab case.
    pub(super) id: &'static str,
    /// What it is, with its article.
    pub(super) what: &'static str,
    /// The texts that it is known by, parted by `|`. `[abc]` is one of these characters. None is shorter than three.
    pub(super) marks: &'static str,
    /// What stands around the mark.
    pub(super) shape: Shape,
}

impl Rule {
    /// Whether its secrets begin with its mark.
    pub(super) const fn is_by_start(&self) -> bool {
        match self.shape {
            Shape::Key { before, .. } => before.max == 0,
            _ => false,
        }
    }
}

/// A key that starts with its mark.
const fn key(
    id: &'static str,
    what: &'static str,
    marks: &'static str,
    runs: &'static [Run],
) -> Rule {
    around(id, what, Run::NONE, marks, runs)
}

/// A key with its mark inside.
const fn around(
    id: &'static str,
    what: &'static str,
    before: Run,
    marks: &'static str,
    runs: &'static [Run],
) -> Rule {
    let shape = Shape::Key { before, runs };
    other(id, what, marks, shape)
}

const fn other(id: &'static str, what: &'static str, marks: &'static str, shape: Shape) -> Rule {
    Rule {
        id,
        what,
        marks,
        shape,
    }
}

/// The most that a key has after its mark, where its provider names no length.
const LONG: u16 = 400;

/// A UUID after the mark.
const UUID: &[Run] = &[
    run(HEX, 8, 8),
    run(DASH, 1, 1),
    run(HEX, 4, 4),
    run(DASH, 1, 1),
    run(HEX, 4, 4),
    run(DASH, 1, 1),
    run(HEX, 4, 4),
    run(DASH, 1, 1),
    run(HEX, 12, 12),
];

/// Names of what is secret whoever it is for, in lower case and without `_` and `-`.
const SECRET_NAMES: &str = "secret|privatekey|servicerole|servicekey|serviceapikey|authtoken|apitoken|accesstoken|refreshtoken|bearertoken|\
    admintoken|adminkey|adminapikey|masterkey|encryptionkey|signingkey|deploytoken|accountkey|dbpassword|databasepassword|adminpassword|rootpassword|smtppassword|mailpassword|postgrespassword|\
    pgpassword|mysqlpassword|mongopassword|redispassword|personaltoken";

/// Providers whose keys have no mark of their own and are for servers.
const PROVIDERS: &str = "ably|alchemyauth|anthropic|anyscale|assemblyai|aws|azure|azureopenai|binance|cartesia|cloudflare|cohere|coinbase|\
    courier|databricks|datadog|deepgram|deepl|deepseek|digitalocean|elevenlabs|exa|fastly|fireworks|gemini|github|gitlab|groq|helicone|\
    heroku|hetzner|huggingface|hunter|intercom|kraken|langchain|linode|loops|mailchimp|mailgun|mailjet|messagebird|minimax|mistral|\
    moonshot|netlify|newsapi|novita|nvidia|openai|opencage|openweather|pagerduty|perplexity|pinecone|plivo|postmark|qdrant|railway|\
    rapidapi|replicate|resend|runpod|sendgrid|serpapi|serper|shodan|snyk|stability|stabilityai|supabaseservice|telegram|togetherai|\
    twilio|upstash|vercel|vonage|vultr|weaviate|xai|zendesk";

/// What every file is held against. Where two rules fit at the same place, the upper one names it.
#[rustfmt::skip]
pub(super) static RULES: &[Rule] = &[
    // Keys and certificates.
    other("private-key", "a private key", "-----BEGIN ", Shape::PrivateKey),
    other("putty-private-key", "a private key of PuTTY", "Private-Lines: ", Shape::PrivateKey),
    other("encoded-private-key", "a private key in base64", "LS0tLS1CRUdJTi", Shape::EncodedPrivateKey),
    other("json-web-key", "a private key (JWK)", "kty", Shape::JsonWebKey),
    key("age-secret-key", "an age secret key", "AGE-SECRET-KEY-1|AGE-SECRET-KEY-PQ-1|AGE-PLUGIN-", &[run(UPPER_ALNUM | DASH, 50, LONG)]),
    key("extended-private-key", "a private key of a wallet", "xprv|yprv|zprv|tprv", &[run(ALNUM, 100, 112)]),
    // This platform, and what its apps stand on.
    key("overskill-token", "an OverSkill API token", "osk_|oss_", &[run(LOWER_ALNUM, 3, 32), run(UNDERSCORE, 1, 1), run(ALNUM, 43, 43)]),
    key("supabase-secret-key", "a Supabase secret key", "sb_secret_", &[run(WORD, 20, LONG)]),
    key("supabase-access-token", "a Supabase access token", "sbp_", &[run(ALNUM | UNDERSCORE, 36, 80)]),
    other("service-role-key", "a key with the role `service_role`", "eyJ|ewo", Shape::WebToken("\"role\":\"service_role\"|\"role\":\"supabase_admin\"|\"role\":\"postgres\"")),
    other("turso-token", "a Turso database token", "eyJ", Shape::WebToken("\"a\":\"rw\"|\"a\":\"ro\"")),
    other("pinata-token", "a Pinata token", "eyJ", Shape::WebToken("\"scopedKeySecret\"")),
    other("database-url", "a database's address with its password", "://", Shape::Address("postgres|postgresql|mysql|mysql2|mariadb|mongodb|mongodb+srv|redis|rediss|valkey|amqp|amqps|mssql|sqlserver|clickhouse|cockroachdb|libsql|nats|cloudinary|neo4j|neo4j+s|bolt|ldap|ldaps|smtp|smtps|sftp|ftp|ftps|postgresql+asyncpg|postgresql+psycopg|postgresql+psycopg2|mysql+pymysql")),
    other("password-in-address", "an address with its password", "://", Shape::Address("")),
    // Models.
    key("anthropic-key", "an Anthropic key", "sk-ant-", &[run(WORD, 32, LONG)]),
    key("openrouter-key", "an OpenRouter key", "sk-or-", &[run(WORD, 32, LONG)]),
    key("openai-key", "an OpenAI key", "sk-proj-|sk-svcacct-|sk-admin-|sk-service-|sk-None-", &[run(WORD, 32, LONG)]),
    key("langfuse-key", "a Langfuse secret key", "sk-lf-", UUID),
    key("helicone-key", "a Helicone key", "sk-helicone-", &[run(WORD, 20, 80)]),
    around("openai-key", "an OpenAI key", run(WORD, 15, 200), "T3BlbkFJ", &[run(WORD, 15, 200)]),
    key("model-provider-key", "a key of the kind `sk-…`, as OpenAI and others have them", "sk-", &[run(ALNUM, 32, 100)]),
    key("google-api-key-of-a-server", "an authorization key of Google's AI services", "AQ.Ab8", &[run(WORD, 40, 80)]),
    key("groq-key", "a Groq key", "gsk_", &[run(ALNUM, 40, 80)]),
    key("xai-key", "an xAI key", "xai-|xai-token-", &[run(ALNUM | UNDERSCORE, 60, 120)]),
    key("perplexity-key", "a Perplexity key", "pplx-", &[run(ALNUM, 40, 80)]),
    key("replicate-token", "a Replicate token", "r8_", &[run(WORD, 35, 48)]),
    key("hugging-face-token", "a Hugging Face token", "hf_|api_org_", &[run(ALNUM, 30, 44)]),
    key("nvidia-key", "an NVIDIA key", "nvapi-", &[run(WORD, 50, 80)]),
    key("cerebras-key", "a Cerebras key", "csk-", &[run(ALNUM, 40, 64)]),
    key("fireworks-key", "a Fireworks key", "fw_", &[run(ALNUM, 22, 32)]),
    key("together-key", "a Together key", "tgp_v1_", &[run(WORD, 36, 64)]),
    key("elevenlabs-key", "an ElevenLabs key", "sk_", &[run(HEX, 48, 48)]),
    key("tavily-key", "a Tavily key", "tvly-", &[run(WORD, 24, 64)]),
    key("firecrawl-key", "a Firecrawl key", "fc-", &[run(HEX, 32, 32)]),
    key("e2b-key", "an E2B key", "e2b_", &[run(HEX, 32, 48)]),
    key("voyage-key", "a Voyage key", "pa-", &[run(WORD, 43, 43)]),
    key("jina-key", "a Jina key", "jina_", &[run(WORD, 40, 80)]),
    key("pinecone-key", "a Pinecone key", "pcsk_", &[run(ALNUM | UNDERSCORE, 50, 90)]),
    key("langsmith-key", "a LangSmith key", "lsv2_", &[run(ALNUM | UNDERSCORE, 36, 64)]),
    key("braintrust-key", "a Braintrust key", "bt-st-", &[run(ALNUM, 36, 64)]),
    key("wandb-key", "a Weights & Biases key", "wandb_v1_", &[run(WORD, 40, 120)]),
    key("apify-token", "an Apify token", "apify_api_", &[run(ALNUM, 30, 48)]),
    // Clouds and hosts.
    key("aws-access-key", "an AWS access key", "AKIA|ASIA|ABIA|ACCA", &[run(UPPER_ALNUM, 16, 16)]),
    key("aws-bedrock-key", "an Amazon Bedrock key", "ABSK", &[run(BASE64, 100, 280)]),
    key("aws-bedrock-key", "an Amazon Bedrock key", "bedrock-api-key-", &[run(BASE64, 40, 2000)]),
    key("google-oauth-secret", "a Google OAuth client secret", "GOCSPX-", &[run(WORD, 24, 40)]),
    key("google-access-token", "a Google access token", "ya29.", &[run(WORD, 40, 2000)]),
    key("azure-storage-key", "an Azure key", "AccountKey=|SharedAccessKey=|accountkey=|sharedaccesskey=", &[run(BASE64, 40, 90)]),
    around("azure-key", "an Azure key", run(BASE64, 40, 60), "JQQJ99", &[run(BASE64, 20, 40)]),
    around("azure-client-secret", "an Azure client secret", run(WORD | DOT, 3, 3), "[0123456789]Q~", &[run(WORD | DOT, 31, 34)]),
    around("azure-devops-token", "an Azure DevOps token", run(ALNUM, 76, 76), "AZDO", &[run(ALNUM, 4, 4)]),
    key("azure-signature", "a signed Azure address", "&sig=|?sig=", &[run(BASE64 | PERCENT | WORD, 43, 70)]),
    key("alibaba-access-key", "an Alibaba Cloud access key", "LTAI", &[run(ALNUM, 16, 26)]),
    key("tencent-access-key", "a Tencent Cloud access key", "AKID", &[run(ALNUM, 32, 32)]),
    key("scaleway-access-key", "a Scaleway access key", "SCW", &[run(UPPER_ALNUM, 17, 17)]),
    key("yandex-key", "a Yandex Cloud key", "AQVN|YCAJ|YCM", &[run(WORD, 21, 60)]),
    key("cloudflare-key", "a Cloudflare key", "cfk_|cfut_|cfat_|cfoat_", &[run(ALNUM, 40, 64)]),
    key("cloudflare-origin-ca-key", "a Cloudflare Origin CA key", "v1.0-", &[run(HEX, 24, 24), run(DASH, 1, 1), run(HEX, 100, 180)]),
    key("digitalocean-token", "a DigitalOcean token", "dop_v1_|doo_v1_|dor_v1_", &[run(ALNUM, 40, 80)]),
    key("heroku-key", "a Heroku key", "HRKU-", &[run(WORD, 30, 80)]),
    key("vercel-token", "a Vercel token", "vcp_|vci_|vca_|vcr_|vck_", &[run(ALNUM, 20, 80)]),
    key("vercel-blob-token", "a Vercel Blob token", "vercel_blob_rw_", &[run(WORD, 30, 80)]),
    key("netlify-token", "a Netlify token", "nf[pcoub]_", &[run(ALNUM, 30, 48)]),
    key("fly-token", "a Fly.io token", "fo1_|fm1r_|fm1a_|fm2_|FlyV1 fm1r_|FlyV1 fm2_", &[run(WORD | BASE64, 40, 2000)]),
    key("render-key", "a Render key", "rnd_", &[run(ALNUM, 26, 48)]),
    key("databricks-token", "a Databricks token", "dapi|dose|dkea", &[run(HEX, 32, 32), run(DASH | DIGIT, 0, 2)]),
    key("planetscale-token", "a PlanetScale password or token", "pscale_tkn_|pscale_pw_|pscale_oauth_", &[run(WORD | DOT | EQUALS, 30, 70)]),
    key("neon-key", "a Neon key", "napi_", &[run(ALNUM, 40, 90)]),
    key("aiven-password", "a password of Aiven", "AVNS_", &[run(WORD, 15, 40)]),
    key("cockroach-key", "a CockroachDB key", "CCDB1_", &[run(ALNUM, 22, 22), run(UNDERSCORE, 1, 1), run(ALNUM, 36, 48)]),
    key("clickhouse-key", "a ClickHouse key", "4b1d", &[run(ALNUM, 38, 38)]),
    key("xata-key", "a Xata key", "xau_", &[run(ALNUM, 32, 64)]),
    key("tailscale-key", "a Tailscale key", "tskey-", &[run(WORD, 24, 100)]),
    // Code, packages, deployment.
    key("github-token", "a GitHub token", "gh[pousr]_", &[run(ALNUM | UNDERSCORE, 36, 255)]),
    key("github-token", "a GitHub token", "github_pat_", &[run(ALNUM | UNDERSCORE, 60, 255)]),
    key("gitlab-token", "a GitLab token", "glpat-|glptt-|gldt-|glrt-|glrtr-|glcbt-|glft-|glimt-|glagent-|gloas-|glsoat-|glwt-|GR1348941", &[run(WORD | DOT, 20, 320)]),
    key("bitbucket-token", "a Bitbucket token", "ATBB|ATCTT3xFfG", &[run(WORD | EQUALS, 28, 300)]),
    key("atlassian-token", "an Atlassian token", "ATATT3xFfG", &[run(WORD | EQUALS, 60, 300)]),
    key("trello-token", "a Trello token", "ATTA", &[run(HEX, 60, 76)]),
    key("npm-token", "an npm token", "npm_", &[run(ALNUM, 36, 36)]),
    key("pypi-token", "a PyPI token", "pypi-", &[run(WORD, 60, 1000)]),
    key("rubygems-key", "a RubyGems key", "rubygems_", &[run(HEX, 48, 48)]),
    key("nuget-key", "a NuGet key", "oy2", &[run(LOWER_ALNUM, 43, 43)]),
    key("crates-io-token", "a crates.io token", "cio", &[run(ALNUM, 32, 32)]),
    key("clojars-token", "a Clojars token", "CLOJARS_", &[run(LOWER_ALNUM, 60, 60)]),
    key("docker-token", "a Docker token", "dckr_pat_|dckr_oat_", &[run(WORD, 24, 48)]),
    key("artifactory-key", "an Artifactory key", "AKCp|cmVmd", &[run(ALNUM, 58, 72)]),
    key("deno-token", "a Deno Deploy token", "dd[pw]_", &[run(ALNUM, 36, 40)]),
    key("circleci-token", "a CircleCI token", "CCIPAT_|CCIPRJ_", &[run(ALNUM | UNDERSCORE, 40, 80)]),
    key("buildkite-token", "a Buildkite token", "bkua_", &[run(ALNUM, 40, 40)]),
    key("pulumi-token", "a Pulumi token", "pul-", &[run(HEX, 40, 40)]),
    around("terraform-token", "a Terraform token", run(ALNUM, 14, 14), ".atlasv1.", &[run(WORD | EQUALS, 60, 70)]),
    key("sonar-token", "a Sonar token", "sq[apu]_|sqco_", &[run(ALNUM, 40, 60)]),
    key("sourcegraph-token", "a Sourcegraph token", "sgp_|slk_", &[run(ALNUM | UNDERSCORE, 40, 64)]),
    key("prefect-token", "a Prefect token", "pn[ub]_", &[run(ALNUM, 36, 36)]),
    key("harness-token", "a Harness token", "pat.|sat.", &[run(WORD, 22, 22), run(DOT, 1, 1), run(ALNUM, 24, 24), run(DOT, 1, 1), run(ALNUM, 20, 20)]),
    key("doppler-token", "a Doppler token", "dp.pt.|dp.st.|dp.ct.|dp.sa.|dp.scim.|dp.audit.", &[run(WORD | DOT, 36, 90)]),
    key("vault-token", "a HashiCorp Vault token", "hvs.|hvb.|hvr.", &[run(WORD, 24, 300)]),
    key("1password-token", "a 1Password service account token", "ops_eyJ", &[run(BASE64 | WORD, 100, 2000)]),
    key("1password-secret-key", "a 1Password secret key", "A3-", &[run(UPPER_ALNUM, 6, 6), run(DASH, 1, 1), run(UPPER_ALNUM | DASH, 26, 32)]),
    key("infisical-token", "an Infisical token", "st.", &[run(HEX, 24, 24), run(DOT, 1, 1), run(HEX, 24, 64), run(DOT, 1, 1), run(HEX, 32, 64)]),
    key("openshift-token", "an OpenShift token", "sha256~", &[run(WORD, 43, 43)]),
    key("postman-key", "a Postman key", "PMAK-", &[run(ALNUM | DASH, 50, 64)]),
    // Payment and commerce.
    key("stripe-secret-key", "a secret key of the kind `sk_live_…`, as Stripe and Clerk have them", "[sr]k_live_|[sr]k_test_|[sr]k_prod_|sk_org_live_|sk_org_test_|sk_org_", &[run(ALNUM | UNDERSCORE, 16, 255)]),
    key("liveblocks-secret-key", "a Liveblocks secret key", "sk_dev_", &[run(WORD, 32, 100)]),
    key("webhook-signing-secret", "a webhook's signing secret", "whsec_", &[run(BASE64, 24, 100)]),
    key("square-token", "a Square token", "EAAA", &[run(WORD, 60, 60)]),
    key("square-token", "a Square token", "sq0atp-|sq0csp-", &[run(WORD, 22, 60)]),
    key("braintree-token", "a Braintree token", "access_token$", &[run(LOWER_ALNUM, 7, 10), run(DOLLAR, 1, 1), run(LOWER_ALNUM, 16, 16), run(DOLLAR, 1, 1), run(HEX, 32, 32)]),
    key("plaid-token", "a Plaid token", "access-sandbox-|access-development-|access-production-", UUID),
    key("mollie-key", "a payment provider's live key", "live_", &[run(ALNUM, 30, 40)]),
    key("flutterwave-key", "a Flutterwave secret key", "FLWSECK-|FLWSECK_TEST-", &[run(ALNUM | DASH, 12, 48)]),
    key("paddle-key", "a Paddle key", "pdl_live_apikey_|pdl_sdbx_apikey_", &[run(ALNUM | UNDERSCORE, 40, 100)]),
    key("polar-token", "a Polar token", "polar_oat_|polar_pat_|polar_whs_", &[run(WORD, 30, 100)]),
    key("shopify-token", "a Shopify token", "shpat_|shpca_|shppa_|shpss_|shptka_|shpltm_", &[run(ALNUM, 32, 40)]),
    key("shippo-token", "a Shippo token", "shippo_live_|shippo_test_", &[run(HEX, 40, 40)]),
    key("easypost-key", "an EasyPost key", "EZAK|EZTK", &[run(ALNUM, 54, 54)]),
    key("duffel-token", "a Duffel token", "duffel_live_|duffel_test_", &[run(WORD | EQUALS, 43, 43)]),
    key("uploadthing-token", "an UploadThing token", "eyJhcGlLZXkiOi", &[run(BASE64, 60, LONG)]),
    // Messages and mail.
    key("slack-token", "a Slack token", "xox[abceoprs]-|xoxe.xox[bp]-", &[run(ALNUM | DASH, 20, 260)]),
    key("slack-token", "a Slack token", "xapp-", &[run(ALNUM | DASH, 40, 140)]),
    key("slack-webhook", "the address of a Slack webhook", "hooks.slack.com/services/|hooks.slack.com/workflows/|hooks.slack.com/triggers/", &[run(ALNUM | BASE64, 30, 90)]),
    key("discord-webhook", "the address of a Discord webhook", "/api/webhooks/", &[run(DIGIT, 16, 21), run(SLASH, 1, 1), run(WORD, 55, 90)]),
    key("discord-bot-token", "a Discord bot token", "[MNO][DTjz][AEIMQUYcgk]", &[run(ALNUM, 19, 26), run(DOT, 1, 1), run(WORD, 6, 7), run(DOT, 1, 1), run(WORD, 27, 40)]),
    key("teams-webhook", "the address of a Teams webhook", ".webhook.office.com/webhookb2/", &[run(WORD, 36, 36), run(AT, 1, 1), run(WORD, 36, 36)]),
    around("telegram-bot-token", "a Telegram bot token", run(DIGIT, 8, 11), ":AA", &[run(WORD, 32, 36)]),
    key("twilio-key", "a Twilio key", "SK[0123456789abcdef]", &[run(HEX, 31, 31)]),
    key("sendgrid-key", "a SendGrid key", "SG.", &[run(WORD, 16, 32), run(DOT, 1, 1), run(WORD, 32, 64)]),
    key("mailgun-key", "a Mailgun key", "key-", &[run(LOWER_ALNUM, 32, 32)]),
    around("mailchimp-key", "a Mailchimp key", run(HEX, 32, 32), "-us", &[run(DIGIT, 1, 2)]),
    key("brevo-key", "a Brevo key", "xkeysib-|xsmtpsib-", &[run(ALNUM | DASH, 60, 100)]),
    key("resend-key", "a Resend key", "re_", &[run(ALNUM, 8, 10), run(UNDERSCORE, 1, 1), run(ALNUM, 20, 32)]),
    key("mailersend-token", "a MailerSend token", "mlsn.", &[run(ALNUM, 60, 70)]),
    key("onesignal-key", "a OneSignal key", "os_v2_app_|os_v2_org_", &[run(ALNUM, 60, 130)]),
    key("klaviyo-key", "a Klaviyo private key", "pk_", &[run(HEX, 34, 34)]),
    key("clickup-token", "a ClickUp token", "pk_", &[run(DIGIT, 5, 12), run(UNDERSCORE, 1, 1), run(UPPER_ALNUM, 32, 32)]),
    // Work and content.
    key("linear-key", "a Linear key", "lin_api_|lin_oauth_|lin_wh_", &[run(ALNUM, 30, 80)]),
    key("notion-token", "a Notion token", "ntn_", &[run(ALNUM, 40, 60)]),
    key("notion-token", "a Notion token", "secret_", &[run(ALNUM, 43, 43)]),
    key("airtable-token", "an Airtable token", "pat", &[run(ALNUM, 14, 14), run(DOT, 1, 1), run(HEX, 64, 64)]),
    key("figma-token", "a Figma token", "figd_|figp_|figo_|figu_|figor_|figoh_", &[run(WORD | EQUALS, 36, 200)]),
    key("hubspot-token", "a HubSpot token", "pat-na1-|pat-na2-|pat-eu1-|pat-ap1-", UUID),
    key("contentful-token", "a Contentful token", "CFPAT-", &[run(WORD, 40, 64)]),
    key("typeform-token", "a Typeform token", "tfp_", &[run(WORD, 40, 64)]),
    key("dropbox-token", "a Dropbox token", "sl.", &[run(WORD, 120, 2000)]),
    key("cal-key", "a Cal.com key", "cal_live_|cal_test_", &[run(ALNUM, 32, 40)]),
    key("readme-key", "a ReadMe key", "rdme_", &[run(ALNUM, 60, 80)]),
    key("facebook-token", "a Facebook access token", "EAA", &[run(ALNUM, 90, 300)]),
    key("linkedin-secret", "a LinkedIn client secret", "WPL_AP", &[run(DIGIT, 1, 2), run(DOT, 1, 1), run(ALNUM | DOT | BASE64, 16, 32)]),
    key("adobe-secret", "an Adobe client secret", "p8e-", &[run(WORD, 32, 32)]),
    key("frameio-token", "a Frame.io token", "fio-u-", &[run(WORD, 60, 70)]),
    key("salesforce-token", "a Salesforce token", "00D", &[run(ALNUM, 12, 15), run(BANG, 1, 1), run(WORD | DOT, 80, 130)]),
    // Watching.
    key("grafana-token", "a Grafana token", "glsa_", &[run(ALNUM | UNDERSCORE, 36, 60)]),
    key("grafana-token", "a Grafana token", "glc_", &[run(BASE64, 40, 400)]),
    key("grafana-token", "a Grafana token", "eyJrIjoi", &[run(BASE64, 60, 400)]),
    key("new-relic-key", "a New Relic key", "NRAK-|NRII-|NRIQ-|NRAA-|NRRA-", &[run(WORD, 24, 48)]),
    around("new-relic-license-key", "a New Relic license key", run(LOWER_ALNUM | ALNUM, 32, 36), "NRAL", &[]),
    key("sentry-token", "a Sentry token", "sntrys_|sntryu_|sntryi_|sntrya_", &[run(WORD | BASE64, 40, LONG)]),
    key("dynatrace-token", "a Dynatrace token", "dt0c01.|dt0s01.|dt0s02.|dt0s08.", &[run(ALNUM, 24, 24), run(DOT, 1, 1), run(ALNUM, 64, 64)]),
    key("posthog-key", "a PostHog personal key", "phx_|phs_", &[run(ALNUM | UNDERSCORE, 40, 60)]),
    key("axiom-token", "an Axiom token", "xaat-|xapt-", UUID),
    key("honeycomb-key", "a Honeycomb key", "hcaik_|hcamk_", &[run(ALNUM | UNDERSCORE, 40, 80)]),
    key("launchdarkly-key", "a LaunchDarkly key", "sdk-|api-", UUID),
    key("statsig-key", "a Statsig secret key", "secret-|console-", &[run(ALNUM, 40, 48)]),
    key("infracost-key", "an Infracost key", "ico-", &[run(ALNUM, 32, 32)]),
    key("rootly-key", "a Rootly key", "rootly_", &[run(HEX, 64, 64)]),
    // Workers in the background.
    key("trigger-key", "a Trigger.dev key", "tr_dev_|tr_prod_|tr_stg_|tr_pat_", &[run(ALNUM, 18, 48)]),
    key("inngest-key", "an Inngest signing key", "signkey-prod-|signkey-test-|signkey-branch-", &[run(HEX, 32, 80)]),
    key("unkey-key", "an Unkey root key", "unkey_", &[run(ALNUM, 20, 48)]),
    key("stytch-secret", "a Stytch secret", "secret-live-|secret-test-", &[run(WORD | EQUALS, 32, 44)]),
    key("dub-key", "a Dub key", "dub_", &[run(ALNUM, 24, 32)]),
    // What a name gives away.
    other("authorization-header", "a token in an `Authorization` header", "Bearer ", Shape::Bearer),
    other("authorization-header", "a password in an `Authorization` header", "Basic ", Shape::Basic),
    other("aws-secret-key", "an AWS secret key", "[kK]ey|KEY", Shape::Named("secretaccesskey|awssecret")),
    other("provider-key", "a provider's key, by its name", "[kK]ey|KEY|[tT]oken|TOKEN|[sS]ecret|SECRET", Shape::Named(PROVIDERS)),
    other("named-secret", "a secret, by its name", "[kK]ey|KEY|[tT]oken|TOKEN|[sS]ecret|SECRET|[pP]assword|PASSWORD", Shape::Named(SECRET_NAMES)),
];
