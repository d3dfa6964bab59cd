//! The calls about the people of apps.

use super::{
    Content::Empty,
    Input,
    Method::{Delete, Get, Patch, Post, Put},
    Operation,
    available::{PAGE, answer, json},
};
use crate::http::{
    resource as r,
    route::{AppCall, Route},
};

pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new(
        Get,
        "/v1/apps/{app}/members",
        "listMembers",
        "List the app's users and who is invited",
        &[answer(200, "By address.", json::<r::MemberPage>())],
        |_, captures| captures.app(AppCall::ListMembers),
    )
    .reads(PAGE),
    Operation::new(
        Post,
        "/v1/apps/{app}/members",
        "inviteMember",
        "Invite somebody",
        &[answer(
            200,
            "The address is let in unless the app is closed, and was sent a link into the app. Invited again, it is sent another one.",
            json::<r::MemberInvited>(),
        )],
        |_, captures| captures.app(AppCall::InviteMember),
    )
    .takes(json::<r::InviteMember>()),
    Operation::new(
        Patch,
        "/v1/apps/{app}/members/{user}",
        "updateMember",
        "Block a user, let them in again, change their teams",
        &[answer(
            200,
            "Who is blocked is out within half a minute, and does not come in again.",
            json::<r::MemberShown>(),
        )],
        |_, captures| {
            captures.app(AppCall::UpdateMember {
                user: captures.user()?,
            })
        },
    )
    .takes(json::<r::UpdateMember>()),
    Operation::new(
        Delete,
        "/v1/apps/{app}/members/{user}",
        "removeMember",
        "Remove a user, or take back an invitation, which is named by its address",
        &[answer(
            204,
            "They are out within half a minute. Their rows stay, and are theirs again when they come back, as the sign-up policy lets them.",
            Empty,
        )],
        |_, captures| {
            captures.app(AppCall::RemoveMember {
                user: captures.user()?,
            })
        },
    ),
    Operation::new(
        Get,
        "/v1/apps/{app}/sign-up",
        "getSignUp",
        "Who may make an account in the app",
        &[answer(200, "`open`, unless something else was decided.", json::<r::SignUp>())],
        |_, captures| captures.app(AppCall::ShowSignUp),
    ),
    Operation::new(
        Put,
        "/v1/apps/{app}/sign-up",
        "setSignUp",
        "Decide who may make an account in the app",
        &[answer(
            200,
            "It holds from now on. Who is a user already stays one.",
            json::<r::SignUp>(),
        )],
        |_, captures| captures.app(AppCall::SetSignUp),
    )
    .takes(json::<r::SignUp>()),
    Operation::new(
        Get,
        "/v1/dev/mail",
        "listCaughtMails",
        "Mails to users of apps, where they are caught instead of sent: in a stack of `cargo xtask`",
        &[answer(200, "The newest first.", json::<r::CaughtMails>())],
        |_, _| Ok(Route::DevMail),
    )
    .reads(&[Input::To]),
];
