use super::*;
use crate::data::token;

const KITCHEN: &str = "kitchen1";
const MIA: &str = "11111111-1111-4111-8111-111111111111";
const BEN: &str = "22222222-2222-4222-8222-222222222222";

fn app() -> AppId {
    KITCHEN.parse().unwrap()
}

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn line() -> Line {
    Line::new(app(), NOW)
}

fn session(user: &str) -> Session {
    let claims = json!({ "sub": user, "exp": NOW.0 / 1_000 + 3_600, "role": "authenticated", "app": KITCHEN });
    let Value::Object(claims) = claims else {
        unreachable!()
    };
    token::session(claims, &app(), NOW).unwrap()
}

fn message(topic: &str, event: &str, reference: &str) -> Message {
    Message {
        topic: topic.to_owned(),
        event: event.to_owned(),
        payload: json!({}),
        reference: Some(reference.to_owned()),
        join_ref: None,
    }
}

type Proof = Result<(Option<Session>, String), String>;

fn mia() -> Proof {
    Ok((Some(session(MIA)), "token".to_owned()))
}

fn nobody() -> Proof {
    Ok((None, "token".to_owned()))
}

/// Joins a channel; what goes to the shard and to the client.
fn join(line: &mut Line, topic: &str, proof: Proof) -> (Vec<Message>, Vec<Message>) {
    let Step::Prove(audience, message) = line.said(Some(message(topic, "phx_join", "1")), NOW)
    else {
        panic!("{topic} is no channel");
    };
    line.proven(audience, message, proof, NOW)
}

fn topics(messages: &[Message]) -> Vec<(&str, &str)> {
    let all = messages.iter();
    all.map(|one| (one.event.as_str(), one.topic.as_str()))
        .collect()
}

#[test]
fn messages_are_written_as_each_version_does() {
    let heartbeat = message("phoenix", "heartbeat", "7");
    for (version, text) in [
        (
            Version::One,
            r#"{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"7"}"#,
        ),
        (Version::Two, r#"[null,"7","phoenix","heartbeat",{}]"#),
    ] {
        assert_eq!(version.write(&heartbeat), text);
        assert_eq!(version.read(text), Some(heartbeat.clone()));
        for none in ["", "{", "[]", "null", r#"{"topic":1}"#, r#"[1,2,3,4,5]"#] {
            assert_eq!(version.read(none), None, "{none}");
        }
    }
    for (query, version) in [
        ("", Some(Version::One)),
        ("apikey=x&vsn=1.0.0", Some(Version::One)),
        ("vsn=2.0.0&apikey=x", Some(Version::Two)),
        ("vsn=3.0.0", None),
    ] {
        assert_eq!(Version::of(query), version, "{query}");
    }
}

#[test]
fn a_channel_is_joined_as_the_apps_and_with_a_token_of_ours() {
    let expected = [
        (
            "realtime:everyone",
            nobody(),
            "realtime:app:kitchen1:everyone".to_owned(),
        ),
        (
            "realtime:everyone",
            mia(),
            "realtime:app:kitchen1:everyone".to_owned(),
        ),
        (
            "realtime:members",
            mia(),
            "realtime:app:kitchen1:members".to_owned(),
        ),
        (
            "realtime:mine",
            mia(),
            format!("realtime:app:kitchen1:user:{MIA}"),
        ),
    ];
    for (topic, proof, there) in expected {
        let mut line = line();
        let mut asked = message(topic, "phx_join", "1");
        asked.payload = json!({
            "access_token": "of the session",
            "config": { "private": false, "presence": { "enabled": true }, "broadcast": { "self": true, "replay": { "since": 0 } },
                "postgres_changes": [{ "event": "*", "schema": "public", "table": "app_garden12_notes" }] },
        });
        let Step::Prove(audience, asked) = line.said(Some(asked), NOW) else {
            panic!("{topic} is no channel");
        };
        let (up, down) = line.proven(audience, asked, proof, NOW);
        assert_eq!(
            (topics(&up), down),
            (vec![("phx_join", there.as_str())], vec![])
        );
        let config = json!({
            "private": true, "presence": { "enabled": false }, "postgres_changes": [],
            "broadcast": { "ack": false, "self": false, "replication_ready": true },
        });
        assert_eq!(
            up[0].payload,
            json!({ "access_token": "token", "config": config })
        );
        assert_eq!(up[0].reference.as_deref(), Some("1"));
    }
}

#[test]
fn who_has_not_signed_in_hears_what_everyone_does_and_no_more() {
    for topic in ["realtime:members", "realtime:mine"] {
        let (up, down) = join(&mut line(), topic, nobody());
        assert_eq!(up, []);
        let response = json!({ "reason": "Sign in to join this channel" });
        assert_eq!(
            down[0].payload,
            json!({ "status": "error", "response": response })
        );
    }
    let (up, down) = join(&mut line(), "realtime:everyone", Err("no".to_owned()));
    assert_eq!(
        (up, topics(&down)),
        (vec![], vec![("phx_reply", "realtime:everyone")])
    );
}

#[test]
fn nothing_else_goes_to_the_shard() {
    let mut line = line();
    for topic in [
        "realtime:room",
        "realtime:app:kitchen1:everyone",
        "realtime:app:garden12:everyone",
        "realtime:*",
        "everyone",
        "",
    ] {
        for event in ["phx_join", "broadcast", "access_token", "phx_leave"] {
            let said = line.said(Some(message(topic, event, "1")), NOW);
            let Step::Down(answer) = said else {
                panic!("{topic} {event}: {said:?}");
            };
            assert_eq!(
                (answer.event.as_str(), answer.topic.as_str()),
                ("phx_reply", topic)
            );
            assert_eq!(answer.payload["status"], "error");
        }
    }
    join(&mut line, "realtime:mine", mia());
    for event in ["broadcast", "presence", "phx_close", "anything"] {
        let said = line.said(Some(message("realtime:mine", event, "2")), NOW);
        assert!(matches!(said, Step::Down(_)), "{event}: {said:?}");
    }
    for event in ["phx_join", "access_token"] {
        let said = line.said(Some(message("phoenix", event, "2")), NOW);
        assert_eq!(said, Step::Nothing);
    }
    let heartbeat = message("phoenix", "heartbeat", "3");
    assert_eq!(line.said(Some(heartbeat.clone()), NOW), Step::Up(heartbeat));
}

#[test]
fn what_the_shard_says_comes_back_under_the_clients_names() {
    let mut line = line();
    join(&mut line, "realtime:mine", mia());
    let there = format!("realtime:app:kitchen1:user:{MIA}");
    for event in ["phx_reply", "broadcast", "system"] {
        let heard = line.heard(message(&there, event, "1")).unwrap();
        assert_eq!(
            (heard.event.as_str(), heard.topic.as_str()),
            (event, "realtime:mine")
        );
    }
    for (topic, event) in [
        (
            format!("realtime:app:kitchen1:user:{BEN}").as_str(),
            "broadcast",
        ),
        ("realtime:app:garden12:everyone", "broadcast"),
        ("realtime:app:kitchen1:members", "broadcast"),
        (&there, "postgres_changes"),
        (&there, "presence_state"),
    ] {
        assert_eq!(
            line.heard(message(topic, event, "1")),
            None,
            "{topic} {event}"
        );
    }
    let reply = message("phoenix", "phx_reply", "3");
    assert_eq!(line.heard(reply.clone()), Some(reply));
    // What the shard ends, the client may begin again.
    let ended = line.heard(message(&there, "phx_close", "1")).unwrap();
    assert_eq!(ended.event, "phx_error");
    assert_eq!(line.heard(message(&there, "broadcast", "1")), None);
}

#[test]
fn a_channel_that_the_shard_refuses_is_not_joined() {
    let mut line = line();
    join(&mut line, "realtime:everyone", nobody());
    let there = "realtime:app:kitchen1:everyone";
    let refused = message(there, "phx_join", "1").refused("Unauthorized");
    assert_eq!(line.heard(refused).unwrap().payload["status"], "error");
    assert_eq!(line.heard(message(there, "broadcast", "1")), None);
}

#[test]
fn who_leaves_is_told_so_and_hears_no_more() {
    let mut line = line();
    join(&mut line, "realtime:mine", mia());
    let there = format!("realtime:app:kitchen1:user:{MIA}");
    let Step::Up(left) = line.said(Some(message("realtime:mine", "phx_leave", "5")), NOW) else {
        panic!("it does not leave");
    };
    assert_eq!(left.topic, there);
    assert_eq!(line.heard(message(&there, "broadcast", "6")), None);
    let reply = line.heard(message(&there, "phx_reply", "5")).unwrap();
    assert_eq!(reply.topic, "realtime:mine");
    let again = line.said(Some(message("realtime:mine", "phx_leave", "6")), NOW);
    assert!(matches!(again, Step::Down(_)));
}

#[test]
fn what_becomes_of_an_earlier_joining_is_nothing_of_the_next() {
    let mut line = line();
    let there = "realtime:app:kitchen1:everyone";
    let join_as = |line: &mut Line, reference: &str| {
        let mut asked = message("realtime:everyone", "phx_join", reference);
        asked.join_ref = Some("of the client".to_owned());
        let Step::Prove(audience, asked) = line.said(Some(asked), NOW) else {
            panic!("it is no channel");
        };
        let (up, _) = line.proven(audience, asked, nobody(), NOW);
        assert_eq!(up[0].join_ref.as_deref(), Some(reference));
    };
    join_as(&mut line, "1");
    let left = line.said(Some(message("realtime:everyone", "phx_leave", "3")), NOW);
    let Step::Up(left) = left else {
        panic!("it does not leave: {left:?}");
    };
    assert_eq!(left.join_ref.as_deref(), Some("1"));
    join_as(&mut line, "4");
    assert_eq!(line.heard(message(there, "phx_close", "1")), None);
    // Realtime takes seconds to refuse somebody.
    let late = line.heard(message(there, "phx_join", "1").refused("Unauthorized"));
    assert_eq!(late.unwrap().reference.as_deref(), Some("1"));
    assert!(line.heard(message(there, "broadcast", "9")).is_some());
    assert!(line.heard(message(there, "phx_close", "4")).is_some());
    assert_eq!(line.heard(message(there, "broadcast", "9")), None);
}

#[test]
fn another_user_takes_the_place_of_the_one_before_and_hears_nothing_of_theirs() {
    let mut line = line();
    join(&mut line, "realtime:mine", mia());
    let ben = Ok((Some(session(BEN)), "token".to_owned()));
    let (up, _) = join(&mut line, "realtime:mine", ben);
    let [first, second] = [MIA, BEN].map(|user| format!("realtime:app:kitchen1:user:{user}"));
    assert_eq!(
        topics(&up),
        [("phx_leave", first.as_str()), ("phx_join", second.as_str())]
    );
    assert_eq!(line.heard(message(&first, "broadcast", "1")), None);
    assert!(line.heard(message(&second, "broadcast", "1")).is_some());
    // The answer to our own leaving is nobody's.
    assert_eq!(
        line.heard(message(&first, "phx_reply", "overskill:phx_leave")),
        None
    );
    // Who may not join it any more has left it.
    let (up, down) = join(&mut line, "realtime:mine", nobody());
    assert_eq!(topics(&up), [("phx_leave", second.as_str())]);
    assert_eq!(topics(&down), [("phx_reply", "realtime:mine")]);
}

#[test]
fn a_new_token_is_passed_on_for_the_same_user_alone() {
    let mut line = line();
    let shown = |line: &mut Line, topic: &str, proof| match line
        .said(Some(message(topic, "access_token", "2")), NOW)
    {
        Step::Prove(audience, message) => Some(line.proven(audience, message, proof, NOW)),
        _ => None,
    };
    assert_eq!(shown(&mut line, "realtime:mine", mia()), None);
    join(&mut line, "realtime:mine", mia());
    join(&mut line, "realtime:everyone", nobody());
    let (up, down) = shown(&mut line, "realtime:mine", mia()).unwrap();
    assert_eq!(
        (up[0].event.as_str(), &up[0].payload),
        ("access_token", &json!({ "access_token": "token" }))
    );
    assert_eq!(down, []);
    // For everyone it is all the same who somebody is.
    assert_eq!(shown(&mut line, "realtime:everyone", mia()).unwrap().1, []);
    for proof in [
        Ok((Some(session(BEN)), "token".to_owned())),
        nobody(),
        Err("the token has expired".to_owned()),
    ] {
        join(&mut line, "realtime:mine", mia());
        let (up, down) = shown(&mut line, "realtime:mine", proof).unwrap();
        assert_eq!(up[0].event, "phx_leave");
        assert_eq!(
            topics(&down),
            [("system", "realtime:mine"), ("phx_error", "realtime:mine")]
        );
        assert_eq!(line.channels.len(), 1);
    }
}

#[test]
fn who_listens_is_seen_to_twice_a_minute_and_gets_a_token_in_time() {
    let mut line = line();
    join(&mut line, "realtime:mine", mia());
    assert_eq!(line.due(NOW.after(CHECK_MILLIS - 1)), None);
    let mut renewed = Vec::new();
    for time in 1..=20 {
        let now = NOW.after(time * CHECK_MILLIS);
        let due = line.due(now).unwrap();
        assert_eq!(due.len(), 1);
        assert_eq!(due[0].session, Some(session(MIA)));
        assert_eq!(line.due(now), None);
        if due[0].renews {
            renewed.push(time);
            let message = line.renewed(Audience::User, "another", now).unwrap();
            assert_eq!(message.payload, json!({ "access_token": "another" }));
        }
    }
    assert_eq!(renewed, [8, 16]);
    assert_eq!(line.renewed(Audience::Everyone, "another", NOW), None);
    // Between two looks, and with a client that says something every 25 seconds, no token's time is over.
    const { assert!(RENEW_MILLIS + 2 * CHECK_MILLIS < token::LISTENING_SECONDS * 1_000) };
}

#[test]
fn a_client_that_says_too_much_or_nothing_of_the_protocol_is_sent_away() {
    let mut line = line();
    let heartbeat = || Some(message("phoenix", "heartbeat", "1"));
    for _ in 0..MOST_MESSAGES {
        assert!(matches!(line.said(heartbeat(), NOW), Step::Up(_)));
    }
    assert_eq!(
        line.said(heartbeat(), NOW),
        Step::Close(1008, "too many messages")
    );
    let later = NOW.after(WINDOW_MILLIS);
    assert!(matches!(line.said(heartbeat(), later), Step::Up(_)));
    assert_eq!(
        line.said(None, later),
        Step::Close(1007, "no message of the protocol")
    );
}
