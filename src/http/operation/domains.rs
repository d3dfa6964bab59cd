//! The calls about domains of people's own.

use super::{
    Content::Empty,
    Method::{Delete, Get, Post},
    Operation,
    available::{answer, json},
};
use crate::http::{body::AddDomain, resource as r, route::AppCall};

pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new(
        Get,
        "/v1/apps/{app}/domains",
        "listDomains",
        "List the custom domains",
        &[answer(
            200,
            "By host name, with what their owners set in their DNS.",
            json::<r::DomainList>(),
        )],
        |_, captures| captures.app(AppCall::ListDomains),
    ),
    Operation::new(
        Post,
        "/v1/apps/{app}/domains",
        "addDomain",
        "Add a custom domain",
        &[answer(
            201,
            "It leads to the app's production as soon as its records are found. They are looked for during three days; the feed tells what is missing.",
            json::<r::DomainShown>(),
        )],
        |_, captures| captures.app(AppCall::AddDomain),
    )
    .takes(json::<AddDomain>()),
    Operation::new(
        Post,
        "/v1/apps/{app}/domains/{domain}/check",
        "checkDomain",
        "Look at a custom domain now",
        &[answer(
            202,
            "It is looked at, and then again during three days. The feed tells what is found.",
            json::<r::DomainShown>(),
        )],
        |_, captures| {
            captures.app(AppCall::CheckDomain {
                domain: captures.id("domain")?,
            })
        },
    ),
    Operation::new(
        Delete,
        "/v1/apps/{app}/domains/{domain}",
        "removeDomain",
        "Remove a custom domain",
        &[answer(
            204,
            "It leads nowhere a moment later. Its records in the DNS are its owner's to take away.",
            Empty,
        )],
        |_, captures| {
            captures.app(AppCall::RemoveDomain {
                domain: captures.id("domain")?,
            })
        },
    ),
];
