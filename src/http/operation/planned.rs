//! The calls of the design that are not there yet.

use super::{
    Method::{Get, Post},
    Operation,
};

pub(super) static OPERATIONS: &[Operation] = &[
    Operation::later(
        Post,
        "/v1/apps/import",
        "importApp",
        "Create an app from an archive",
    ),
    Operation::later(
        Get,
        "/v1/apps/{app}/export",
        "exportApp",
        "Take the app away as an archive",
    ),
    Operation::later(
        Post,
        "/v1/apps/{app}/clone",
        "cloneApp",
        "Start a new app from a copy",
    ),
];
