//! The one place that reads the clock.

use worker::Date;

use crate::time::Timestamp;

/// Now. Within one event the platform's clock stands still while code computes.
pub(super) fn now() -> Timestamp {
    Timestamp(Date::now().as_millis())
}
