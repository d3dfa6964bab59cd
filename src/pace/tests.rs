use super::{
    LOST_MILLIS, Look, MOST, MOST_LOOK_MILLIS, PATIENCE_MILLIS, Pace, QUIET_MILLIS, Ticket,
};
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp(1_000_000);

/// An isolate in which as much is under way as may be.
fn full() -> (Pace, Vec<Ticket>) {
    let mut pace = Pace::new();
    let working = (0..MOST).map(|_| pace.at_once(0, NOW).unwrap()).collect();
    (pace, working)
}

fn begins(pace: &mut Pace, ticket: Ticket, now: Timestamp) -> bool {
    pace.look(ticket, now) == Look::Begin
}

#[test]
fn only_so_many_are_under_way_and_the_next_begins_when_one_is_over() {
    let (mut pace, working) = full();
    let next = pace.ask(NOW);
    assert!(!begins(&mut pace, next, NOW));
    assert_eq!(pace.at_once(0, NOW), None);
    pace.over(working[2]);
    assert!(begins(&mut pace, next, NOW));
    let another = pace.ask(NOW);
    assert!(!begins(&mut pace, another, NOW));
}

#[test]
fn who_comes_first_begins_first_whoever_looks() {
    let (mut pace, working) = full();
    let [first, second, third] = [(); 3].map(|()| pace.ask(NOW));
    pace.over(working[0]);
    assert!(!begins(&mut pace, third, NOW));
    assert!(!begins(&mut pace, second, NOW));
    assert_eq!(pace.at_once(0, NOW), None);
    assert!(begins(&mut pace, first, NOW));
    pace.over(working[1]);
    pace.over(working[3]);
    // Two places: one for each.
    assert!(begins(&mut pace, third, NOW));
    assert!(begins(&mut pace, second, NOW));
}

#[test]
fn what_did_not_begin_at_once_holds_up_nobody() {
    let (mut pace, working) = full();
    assert_eq!(pace.at_once(0, NOW), None);
    let next = pace.ask(NOW);
    pace.over(working[0]);
    assert!(begins(&mut pace, next, NOW));
}

#[test]
fn work_stands_back_while_requests_come_but_not_for_ever() {
    let mut pace = Pace::new();
    pace.request(NOW);
    let ticket = pace.ask(NOW);
    assert!(!begins(&mut pace, ticket, NOW));
    assert!(!begins(&mut pace, ticket, NOW.after(QUIET_MILLIS - 1)));
    assert!(begins(&mut pace, ticket, NOW.after(QUIET_MILLIS)));

    let ticket = pace.ask(NOW);
    for millis in (0..PATIENCE_MILLIS).step_by(10) {
        pace.request(NOW.after(millis));
        assert!(!begins(&mut pace, ticket, NOW.after(millis)));
    }
    let late = NOW.after(PATIENCE_MILLIS);
    let newest = pace.request(late);
    assert!(begins(&mut pace, ticket, late));
    assert_eq!(pace.at_once(newest - 1, late), None);
    assert!(pace.at_once(newest, late).is_some());
}

#[test]
fn who_is_gone_is_not_waited_for() {
    let (mut pace, _) = full();
    let _gone = pace.ask(NOW);
    let next = pace.ask(NOW);
    let before = NOW.after(LOST_MILLIS - 1);
    assert!(!begins(&mut pace, next, before));
    // Those under way do not count any more, and the one that has not looked does not wait.
    let late = NOW.after(LOST_MILLIS);
    for _ in 0..MOST - 1 {
        assert!(pace.at_once(0, late).is_some());
    }
    assert_eq!(pace.at_once(0, late), None);
    assert!(begins(&mut pace, next, late));
}

#[test]
fn who_waits_behind_many_looks_less_often() {
    let (mut pace, _) = full();
    let tickets: Vec<_> = (0..100).map(|_| pace.ask(NOW)).collect();
    let pauses = tickets.iter().map(|ticket| match pace.look(*ticket, NOW) {
        Look::Again(millis) => millis,
        Look::Begin => panic!("there is no room"),
    });
    let pauses: Vec<_> = pauses.collect();
    assert_eq!(pauses[..3], [4, 8, 12]);
    assert_eq!(pauses[99], MOST_LOOK_MILLIS);
}
