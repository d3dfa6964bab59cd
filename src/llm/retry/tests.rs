use super::*;

const NOW: Timestamp = Timestamp(1_000_000);
const POLICY: Policy = Policy::DEFAULT;

fn status(status: u16) -> Failure {
    Failure::Status {
        status,
        kind: String::new(),
        retry_after_millis: None,
    }
}

fn limited(seconds: u64) -> Failure {
    Failure::Status {
        status: 429,
        kind: "rate_limit_error".to_owned(),
        retry_after_millis: Some(seconds * 1_000),
    }
}

fn named(kind: &str) -> Failure {
    Failure::Event {
        kind: kind.to_owned(),
    }
}

/// The first failure of a call, with a turn that has ten minutes left.
fn situation<'a>(failure: &'a Failure, breakers: &'a [Breaker]) -> Situation<'a> {
    Situation {
        failure,
        provider: 0,
        attempt: 1,
        failing_since: NOW,
        ends_at: NOW.after(600_000),
        breakers,
        tried: &[],
        now: NOW,
        chance: 700,
    }
}

fn open(until: u64) -> Breaker {
    Breaker {
        failures: POLICY.breaker_failures,
        open_until: Some(NOW.after(until)),
    }
}

const WELL: Breaker = Breaker {
    failures: 0,
    open_until: None,
};
const AGAIN: Decision = Decision::Retry {
    at: Timestamp(NOW.0 + 700),
};
const OTHER: Decision = Decision::FailOver { to: 1 };

#[test]
fn what_may_pass_is_called_again_and_what_will_not_is_not() {
    let quota = Failure::Status {
        status: 429,
        kind: "insufficient_quota".to_owned(),
        retry_after_millis: Some(1_000),
    };
    for (failure, alone, with_another) in [
        (status(408), AGAIN, AGAIN),
        (status(429), AGAIN, AGAIN),
        (status(500), AGAIN, AGAIN),
        (status(502), AGAIN, AGAIN),
        (status(503), AGAIN, AGAIN),
        (status(504), AGAIN, AGAIN),
        (status(529), AGAIN, AGAIN),
        (Failure::Broken, AGAIN, AGAIN),
        (Failure::Stalled, AGAIN, OTHER),
        (Failure::TimedOut, AGAIN, OTHER),
        (Failure::Malformed, AGAIN, AGAIN),
        (named("overloaded_error"), AGAIN, AGAIN),
        (named("api_error"), AGAIN, AGAIN),
        (named("an error"), AGAIN, AGAIN),
        (status(400), Decision::GiveUp, Decision::GiveUp),
        (status(405), Decision::GiveUp, Decision::GiveUp),
        (status(413), Decision::GiveUp, Decision::GiveUp),
        (status(422), Decision::GiveUp, Decision::GiveUp),
        (status(499), Decision::GiveUp, Decision::GiveUp),
        (
            named("invalid_request_error"),
            Decision::GiveUp,
            Decision::GiveUp,
        ),
        (
            named("request_too_large"),
            Decision::GiveUp,
            Decision::GiveUp,
        ),
        (
            named("context_length_exceeded"),
            Decision::GiveUp,
            Decision::GiveUp,
        ),
        (named("invalid_prompt"), Decision::GiveUp, Decision::GiveUp),
        (status(302), Decision::GiveUp, OTHER),
        (status(401), Decision::GiveUp, OTHER),
        (status(402), Decision::GiveUp, OTHER),
        (status(403), Decision::GiveUp, OTHER),
        (status(404), Decision::GiveUp, OTHER),
        (quota, Decision::GiveUp, OTHER),
        (named("authentication_error"), Decision::GiveUp, OTHER),
        (named("billing_error"), Decision::GiveUp, OTHER),
        (named("permission_error"), Decision::GiveUp, OTHER),
        (named("not_found_error"), Decision::GiveUp, OTHER),
        (named("insufficient_quota"), Decision::GiveUp, OTHER),
    ] {
        assert_eq!(
            decide(&situation(&failure, &[WELL]), &POLICY),
            alone,
            "{failure:?} alone"
        );
        let found = decide(&situation(&failure, &[WELL, WELL]), &POLICY);
        assert_eq!(found, with_another, "{failure:?} with another");
    }
}

#[test]
fn retry_after_is_kept_or_another_is_called_at_once() {
    let both = [WELL, WELL];
    // What is added by chance is on top, and does not count against another.
    let at = |seconds: u64| Decision::Retry {
        at: NOW.after(seconds * 1_000 + 700),
    };
    for (seconds, breakers, decision) in [
        (2, &both[..], at(2)),
        (5, &both[..], at(5)),
        (6, &both[..], OTHER),
        (6, &both[..1], at(6)),
        (240, &both[..1], at(240)),
        // Longer than the turn has left.
        (599, &both[..1], at(599)),
        (600, &both[..1], Decision::GiveUp),
        (6, &[WELL, open(1)][..], at(6)),
        (6, &[WELL, open(0)][..], OTHER),
        (
            6,
            &[WELL, open(60_000), WELL][..],
            Decision::FailOver { to: 2 },
        ),
    ] {
        let failure = limited(seconds);
        assert_eq!(
            decide(&situation(&failure, breakers), &POLICY),
            decision,
            "{seconds} s"
        );
    }
}

#[test]
fn all_that_were_refused_together_do_not_come_back_in_one_moment() {
    let failure = limited(2);
    for (attempt, chance, added) in [
        (1, 0, 0),
        (1, 1_000, 1_000),
        (4, 1_000, 1_000),
        // However long the bound is by then.
        (4, 7_999, 1_000),
    ] {
        let situation = Situation {
            attempt,
            chance,
            ..situation(&failure, &[WELL])
        };
        let at = NOW.after(2_000 + added);
        assert_eq!(decide(&situation, &POLICY), Decision::Retry { at });
    }
}

#[test]
fn from_one_that_will_have_no_request_it_goes_back_to_one_whose_trouble_may_pass() {
    let failure = status(401);
    // What a provider's own refusal leaves behind, and a trouble that may pass.
    let refused = Breaker {
        failures: 0,
        open_until: Some(NOW.after(30_000)),
    };
    let ill = |until| Breaker {
        failures: 2,
        open_until: until,
    };
    let back = |to, millis: u64| Decision::GoBack {
        to,
        at: NOW.after(millis + 700),
    };
    for (breakers, tried, decision) in [
        (&[ill(None), refused][..], &[0][..], back(0, 0)),
        (
            &[ill(Some(NOW.after(6_000))), refused],
            &[0],
            back(0, 6_000),
        ),
        // Another that has not been asked comes first.
        (
            &[ill(None), refused, WELL],
            &[0],
            Decision::FailOver { to: 2 },
        ),
        // Who may be asked soonest, of those that were.
        (
            &[
                ill(Some(NOW.after(6_000))),
                refused,
                ill(Some(NOW.after(2_000))),
            ],
            &[0, 2],
            back(2, 2_000),
        ),
        // Nobody's trouble will pass.
        (&[refused, refused], &[0], Decision::GiveUp),
        (&[ill(None), refused], &[], Decision::FailOver { to: 0 }),
        // Not before the turn's time is up.
        (
            &[ill(Some(NOW.after(599_300))), refused],
            &[0],
            Decision::GiveUp,
        ),
    ] {
        let situation = Situation {
            provider: 1,
            tried,
            ..situation(&failure, breakers)
        };
        assert_eq!(
            decide(&situation, &POLICY),
            decision,
            "{breakers:?} {tried:?}"
        );
    }
}

#[test]
fn another_is_called_within_five_seconds_and_nobody_for_ever() {
    let failure = status(529);
    for (attempt, since, breakers, decision) in [
        (1, 0, &[WELL, WELL][..], AGAIN),
        (1, 4_300, &[WELL, WELL][..], AGAIN),
        (1, 4_301, &[WELL, WELL][..], OTHER),
        (2, 0, &[WELL, WELL][..], OTHER),
        (2, 0, &[WELL][..], AGAIN),
        (5, 60_000, &[WELL][..], AGAIN),
        (6, 0, &[WELL][..], Decision::GiveUp),
        (7, 0, &[WELL][..], Decision::GiveUp),
    ] {
        let situation = Situation {
            attempt,
            failing_since: Timestamp(NOW.0 - since),
            ..situation(&failure, breakers)
        };
        assert_eq!(decide(&situation, &POLICY), decision, "{attempt} {since}");
    }
    // One that is to be left alone is not asked again while another is well.
    let ill = [open(30_000), WELL];
    assert_eq!(decide(&situation(&failure, &ill), &POLICY), OTHER);
    assert_eq!(decide(&situation(&failure, &ill[..1]), &POLICY), AGAIN);
    // From the second of two, the first is the other, unless it has had this call already.
    let second = Situation {
        provider: 1,
        attempt: 2,
        ..situation(&failure, &[WELL, WELL])
    };
    assert_eq!(decide(&second, &POLICY), Decision::FailOver { to: 0 });
    let tried = Situation {
        tried: &[0],
        ..second
    };
    assert_eq!(decide(&tried, &POLICY), AGAIN);
    let last = Situation {
        attempt: 6,
        ..tried
    };
    assert_eq!(decide(&last, &POLICY), Decision::GiveUp);
}

#[test]
fn waits_are_anything_up_to_a_bound_that_doubles() {
    let failure = Failure::Broken;
    for (attempt, bound) in [(1, 1_000), (2, 2_000), (3, 4_000), (4, 8_000), (5, 16_000)] {
        for (chance, wait) in [(0, 0), (1, 1), (bound, bound), (bound + 1, 0)] {
            let situation = Situation {
                attempt,
                chance,
                ..situation(&failure, &[WELL])
            };
            let at = NOW.after(wait);
            assert_eq!(
                decide(&situation, &POLICY),
                Decision::Retry { at },
                "{attempt} {chance}"
            );
        }
    }
    assert_eq!(POLICY.bound(6), POLICY.longest_millis);
    assert_eq!(POLICY.bound(u32::MAX), POLICY.longest_millis);
    let situation = Situation {
        chance: 900,
        ends_at: NOW.after(900),
        ..situation(&failure, &[WELL])
    };
    assert_eq!(decide(&situation, &POLICY), Decision::GiveUp);
}

#[test]
fn a_provider_that_fails_on_and_on_is_left_alone_for_a_while() {
    let mut breaker = Breaker::default();
    for _ in 1..POLICY.breaker_failures {
        breaker.failed(&Failure::Broken, &POLICY, NOW);
        assert!(breaker.allows(NOW));
    }
    breaker.failed(&status(400), &POLICY, NOW);
    assert!(
        breaker.allows(NOW),
        "a request that nobody will have says nothing"
    );
    breaker.failed(&Failure::Broken, &POLICY, NOW);
    let end = NOW.after(POLICY.breaker_millis);
    assert!(!breaker.allows(NOW) && !breaker.allows(Timestamp(end.0 - 1)) && breaker.allows(end));
    // One call finds out.
    breaker.failed(&Failure::Broken, &POLICY, end);
    assert!(!breaker.allows(end.after(POLICY.breaker_millis - 1)));
    breaker.succeeded();
    assert_eq!(breaker, Breaker::default());
    assert!(breaker.allows(NOW));
}

#[test]
fn a_provider_is_left_alone_as_long_as_it_says_and_while_its_key_is_wrong() {
    let after = |failure: &Failure, seconds: u64| {
        let mut breaker = Breaker::default();
        breaker.failed(failure, &POLICY, NOW);
        breaker.allows(NOW.after(seconds * 1_000))
    };
    assert!(after(&limited(5), 0));
    assert!(!after(&limited(6), 5) && after(&limited(6), 6));
    assert!(!after(&status(401), 29) && after(&status(401), 30));
    let mut often = Breaker {
        failures: POLICY.breaker_failures - 1,
        open_until: None,
    };
    often.failed(&limited(90), &POLICY, NOW);
    assert!(!often.allows(NOW.after(89_000)) && often.allows(NOW.after(90_000)));
}

#[test]
fn what_broke_an_answer_is_a_failure_of_its_kind() {
    let provider = StreamError::Provider {
        kind: "overloaded_error".to_owned(),
        message: "Overloaded".to_owned(),
    };
    let malformed = StreamError::Malformed {
        reason: String::new(),
        frame: String::new(),
    };
    for (error, failure) in [
        (provider, named("overloaded_error")),
        (malformed, Failure::Malformed),
        (StreamError::TooLarge, Failure::Malformed),
        (StreamError::Cut, Failure::Broken),
    ] {
        assert_eq!(Failure::of(&error), failure);
    }
}

#[test]
fn what_is_not_set_up_is_told_as_such_and_another_is_asked() {
    let failure = Failure::Status {
        status: 401,
        kind: NOT_SET.to_owned(),
        retry_after_millis: None,
    };
    assert_eq!(failure.told(), "cannot be asked as it is set up");
    assert_eq!(failure.nature(), Nature::Provider);
}

#[test]
fn what_a_provider_says_of_a_refusal_is_passed_on_without_keys() {
    let refused = |status, body: &str| {
        let (failure, says) = Failure::refused(status, Some(1_500), body);
        let Failure::Status {
            status: told,
            kind,
            retry_after_millis: Some(1_500),
        } = failure
        else {
            panic!("{failure:?}");
        };
        assert_eq!(told, status);
        (kind, says)
    };
    let said = |kind: &str, says: &str| (kind.to_owned(), says.to_owned());
    // Anthropic's way, OpenAI's, where the code says more than the type, and those of servers that say less.
    for (status, body, kind, says) in [
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Too\n long."}}"#,
            "invalid_request_error",
            "Too long.",
        ),
        (
            429,
            r#"{"error":{"type":"requests","code":"rate_limit_exceeded","message":"Slow down."}}"#,
            "rate_limit_exceeded",
            "Slow down.",
        ),
        (
            404,
            r#"{"error":"model 'x' not found"}"#,
            "",
            "model 'x' not found",
        ),
        (500, r#"{"message":"Oh."}"#, "", "Oh."),
        (502, "<html>Bad gateway</html>", "", ""),
        (500, r#"{"error":7}"#, "", ""),
    ] {
        assert_eq!(refused(status, body), said(kind, says), "{body}");
    }
    for status in [401, 403] {
        for body in [
            r#"{"error":{"type":"authentication_error","message":"invalid key sk-1"}}"#,
            r#"{"error":"invalid key sk-1"}"#,
        ] {
            assert_eq!(refused(status, body).1, "", "{body}");
        }
    }
    let (kind, says) = refused(
        400,
        &format!(
            r#"{{"error":{{"type":"{0}","message":"{0}"}}}}"#,
            "ü".repeat(900)
        ),
    );
    assert_eq!(
        [kind.chars().count(), says.chars().count()],
        [MOST_CHARS; 2]
    );
}
