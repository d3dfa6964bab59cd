//! The people of an app, and what they are invited with. The shard takes and tells these; here they are described alone.

use schemars::JsonSchema;

use crate::time::Timestamp;

/// Somebody who is a user of an app, or invited to be one.
#[derive(JsonSchema)]
pub struct Member {
    /// Their id, a UUID; nothing as long as they have not come in.
    pub user: Option<String>,
    /// Their e-mail address, where they have one.
    pub email: Option<String>,
    /// How they stand.
    pub status: MemberStatus,
    /// Whether their address was invited.
    pub invited: bool,
    /// When.
    pub invited_at: Option<Timestamp>,
    /// When they came in first.
    pub joined_at: Option<Timestamp>,
    /// The teams that they are in, or will be. Tables with the access mode `team` go by them.
    pub teams: Vec<Membership>,
}

/// How somebody stands in an app.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum MemberStatus {
    /// A user.
    Active,
    /// One who may not come in.
    Blocked,
    /// One who has not come in yet.
    Invited,
}

/// A place in a team.
#[derive(JsonSchema)]
pub struct Membership {
    /// The team, a UUID: the `team_id` of its rows.
    pub team: String,
    /// As what.
    pub role: TeamRole,
}

/// As what somebody is in a team.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum TeamRole {
    /// Whose it is.
    Owner,
    /// Who runs it.
    Admin,
    /// Who takes part.
    Member,
}

/// A page of an app's people, by address.
#[derive(JsonSchema)]
pub struct MemberPage {
    /// The people.
    pub members: Vec<Member>,
    /// The `cursor` of the next page, when there is one.
    pub next_cursor: Option<String>,
}

/// One of an app's people.
#[derive(JsonSchema)]
pub struct MemberShown {
    /// As they are now.
    pub member: Member,
}

/// Somebody was invited.
#[derive(JsonSchema)]
pub struct MemberInvited {
    /// As they are now.
    pub member: Member,
    /// Whether a mail with a link into the app was sent. Who is a user already gets none.
    pub mailed: bool,
}

/// `POST /v1/apps/{app}/members`
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct InviteMember {
    /// The address that is let in, at most 254 bytes.
    pub email: String,
    /// The team that they are put into, a UUID of your choice.
    #[schemars(default)]
    pub team: Option<String>,
    /// As what; `member` when it is not given.
    #[schemars(default)]
    pub role: Option<TeamRole>,
}

/// `PATCH /v1/apps/{app}/members/{user}`
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct UpdateMember {
    /// `active` or `blocked`.
    #[schemars(default)]
    pub status: Option<String>,
    /// A team, a UUID.
    #[schemars(default)]
    pub team: Option<String>,
    /// As what they are in it; without it, they leave it.
    #[schemars(default)]
    pub role: Option<TeamRole>,
}

/// Who may make an account in an app, or come in with one for the first time.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum SignUpPolicy {
    /// Everybody.
    Open,
    /// Whose address is of one of the domains, or invited.
    EmailDomain,
    /// Whose address is invited.
    InviteOnly,
    /// Nobody.
    Closed,
}

/// `GET` and `PUT /v1/apps/{app}/sign-up`
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SignUp {
    /// Who.
    pub policy: SignUpPolicy,
    /// With `email_domain` 1 to 100 domains, none of whose subdomains count; else none.
    #[schemars(default)]
    pub domains: Vec<String>,
}

/// Mails that were caught instead of sent.
#[derive(JsonSchema)]
pub struct CaughtMails {
    /// The newest first, at most 1,000.
    pub mails: Vec<CaughtMail>,
}

/// A mail that was caught.
#[derive(JsonSchema)]
pub struct CaughtMail {
    /// Whom it is for.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// It, as text.
    pub text: String,
    /// It, as HTML.
    pub html: String,
    /// When.
    pub at: Timestamp,
    /// The addresses in it.
    pub links: Vec<String>,
}
