use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn shard(number: u8) -> ShardId {
    ShardId::from_seed(&[number; 16])
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn numbered(count: u32) -> Vec<String> {
    (0..count).map(|number| format!("t{number}")).collect()
}

/// One that takes so much.
fn member(number: u8, max_tables: u32, max_apps: u32) -> Member {
    let url = format!("https://{number}.test");
    let mut member = Member::added(shard(number), url, "sealed".to_owned(), NOW);
    member.checked(true, NOW);
    Member {
        max_tables,
        max_apps,
        ..member
    }
}

fn of<'a>(pool: &'a Pool, shard: &ShardId) -> &'a Member {
    pool.members()
        .iter()
        .find(|member| member.id == *shard)
        .unwrap()
}

fn kind<T: std::fmt::Debug>(result: Result<T>) -> Kind {
    result.unwrap_err().kind
}

#[test]
fn the_table_that_a_shard_has_no_room_for_goes_to_the_next() {
    let mut pool = Pool::of(vec![member(1, DEFAULT_TABLES, 10), member(2, 10, 10)]);
    let mut apps = Vec::new();
    for _ in 0..5 {
        apps.push(pool.reserve(None, numbered(100)).unwrap().shard);
    }
    assert_eq!(apps, vec![shard(1); 5]);
    let first = pool.member(&shard(1)).unwrap();
    assert_eq!((first.tables, first.state()), (500, ShardState::Full));
    let next = pool.reserve(None, numbered(1)).unwrap();
    assert_eq!(next.shard, shard(2), "the 501st");
    let whole = pool.clone();
    let error = pool.reserve(None, numbered(11)).unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(error.public.contains("POST /v1/shards"), "{error}");
    assert_eq!(pool, whole, "what is refused changes nothing");
}

#[test]
fn an_app_grows_where_it_is_or_not_at_all() {
    let mut pool = Pool::of(vec![member(1, 3, 10), member(2, 100, 10)]);
    // With the emptiest first, the second one gets it.
    let held = pool.reserve(None, names(&["a", "b"])).unwrap();
    let other = pool.reserve(None, names(&["a"])).unwrap();
    let small = [held, other]
        .into_iter()
        .find(|held| held.shard == shard(1));
    let mut small = small.unwrap();
    let free = 3 - small.tables.len();
    for number in 0..free {
        small = pool
            .reserve(Some(small), names(&[&format!("more{number}")]))
            .unwrap();
    }
    let again = pool
        .reserve(Some(small.clone()), small.tables.clone())
        .unwrap();
    assert_eq!(again, small, "what it has takes no room again");
    let error = pool
        .reserve(Some(small), names(&["one_too_many"]))
        .unwrap_err();
    assert_eq!(error.kind, Kind::TooLarge);
    assert!(error.public.contains("room for 0 more tables"), "{error}");
    assert_eq!(error.members.get("limit").unwrap(), 3);
}

#[test]
fn without_a_shard_it_is_said_what_the_operator_does() {
    let error = Pool::default().reserve(None, numbered(1)).unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(error.public.contains("SUPABASE_URL"), "{error}");
}

#[test]
fn what_is_stored_is_read_again() {
    let mut one = member(1, 10, 20);
    let mut forms = vec![one.clone(), Member::of_settings()];
    one.phase = Phase::Maintenance;
    (one.tables, one.apps) = (3, 2);
    one.checked(false, NOW);
    forms.push(one.clone());
    one.phase = Phase::Provisioning;
    forms.push(one.clone());
    for form in forms {
        assert_eq!(Member::of_stored(&form.to_stored()), Some(form));
    }
    for bad in [
        "",
        "{}",
        "[]",
        &one.to_stored().replace("provisioning", "lost"),
    ] {
        assert_eq!(Member::of_stored(bad), None);
    }
}

#[test]
fn the_shard_of_the_settings_is_there_while_they_name_it() {
    let mut pool = Pool::of(vec![member(1, 1, 1)]).with_own(true);
    assert_eq!(pool.members()[0].state(), ShardState::Available);
    let held = pool.reserve(None, numbered(2)).unwrap();
    assert!(held.shard.is_of_settings());
    let mut lost = pool.with_own(false);
    assert_eq!(lost.members()[0].state(), ShardState::Gone);
    lost.release(&held).unwrap();
    let lost = lost.with_own(false);
    assert_eq!(lost.members().len(), 1);
    assert_eq!(lost.with_own(true).members()[0], Member::of_settings());
}

#[test]
fn what_was_not_made_is_given_back_and_what_others_make_is_not() {
    let mut pool = Pool::of(vec![member(1, 10, 10)]);
    let (ours, theirs) = (names(&["a", "b"]), names(&["c"]));
    let held = pool.reserve(None, ours.clone()).unwrap();
    let held = pool.reserve(Some(held), theirs.clone()).unwrap();
    assert_eq!(pool.member(&shard(1)).unwrap().tables, 3);
    // Ours is looked at while theirs is under way.
    let held = pool.settle(held, &ours, names(&["a"])).unwrap();
    assert_eq!(held.tables, names(&["c", "a"]));
    let held = pool
        .settle(held, &theirs, names(&["a", "c", "made_elsewhere"]))
        .unwrap();
    assert_eq!(pool.member(&shard(1)).unwrap().tables, 3);
    pool.release(&held).unwrap();
    let first = pool.member(&shard(1)).unwrap();
    assert_eq!((first.tables, first.apps), (0, 0));
}

#[test]
fn a_shard_that_is_drained_takes_nobody_new_and_lets_its_own_grow() {
    let mut pool = Pool::of(vec![member(1, 10, 10)]);
    let held = pool.reserve(None, numbered(1)).unwrap();
    let drain = Change {
        takes_apps: Some(false),
        ..Change::default()
    };
    assert_eq!(
        pool.change(&shard(1), &drain).unwrap().state(),
        ShardState::Maintenance
    );
    assert_eq!(kind(pool.reserve(None, numbered(1))), Kind::Unavailable);
    let held = pool.reserve(Some(held), numbered(2)).unwrap();
    let error = pool.remove(&shard(1)).unwrap_err();
    assert_eq!(
        (error.kind, error.members.get("apps").unwrap()),
        (Kind::Conflict, &1.into())
    );
    pool.release(&held).unwrap();
    pool.remove(&shard(1)).unwrap();
    assert_eq!(kind(pool.remove(&shard(1))), Kind::NotFound);
}

#[test]
fn one_is_added_once_and_takes_apps_when_it_has_answered() {
    let mut pool = Pool::of(vec![Member::of_settings()]);
    let one = Member::added(
        shard(1),
        "https://1.test".to_owned(),
        "sealed".to_owned(),
        NOW,
    );
    assert_eq!(
        pool.add(one.clone()).unwrap().state(),
        ShardState::Provisioning
    );
    assert_eq!(pool.add(one.clone()).unwrap(), &one, "the same again");
    let twin = Member {
        id: shard(2),
        ..one
    };
    assert_eq!(kind(pool.add(twin).cloned()), Kind::Conflict);
    assert_eq!(pool.next_check(), Some(NOW.after(ADDED_MILLIS)));
    let change = Change {
        takes_apps: Some(true),
        ..Change::default()
    };
    assert_eq!(
        kind(pool.change(&shard(1), &change).cloned()),
        Kind::Conflict
    );
    pool.member(&shard(1)).unwrap().checked(true, NOW);
    assert_eq!(
        pool.member(&shard(1)).unwrap().state(),
        ShardState::Available
    );
    assert_eq!(kind(pool.remove(&ShardId::of_settings())), Kind::Conflict);
    for number in 2..100 {
        pool.add(member(number, 1, 1)).unwrap();
    }
    assert_eq!(kind(pool.add(member(100, 1, 1)).cloned()), Kind::TooLarge);
}

#[test]
fn one_that_does_not_answer_is_gone_until_it_does() {
    let mut one = member(1, 10, 10);
    assert_eq!(one.check_at, Some(NOW.after(CHECK_MILLIS)));
    one.doubted(NOW.after(1_000));
    assert_eq!(
        one.check_at,
        Some(NOW.after(DOUBT_MILLIS)),
        "it was well a second ago"
    );
    let mut now = NOW.after(DOUBT_MILLIS);
    let mut waits = Vec::new();
    for _ in 0..8 {
        one.checked(false, now);
        assert_eq!(one.state(), ShardState::Gone);
        one.doubted(now);
        let next = one.check_at.unwrap();
        waits.push((next.0 - now.0) / 1_000);
        now = next;
    }
    assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60, 60]);
    assert_eq!(
        one.down.unwrap().0,
        NOW.after(DOUBT_MILLIS),
        "since the first time"
    );
    one.checked(true, now);
    assert_eq!((one.state(), one.down), (ShardState::Available, None));
    let mut own = Member::of_settings();
    assert_eq!(own.check_at, None, "nobody wakes it");
    own.doubted(NOW);
    assert_eq!(own.check_at, Some(NOW));
    own.checked(true, NOW);
    assert_eq!(own.check_at, None);
}

#[test]
fn where_the_last_one_is_silent_it_is_not_said_that_room_is_missing() {
    let mut pool = Pool::of(vec![member(1, 10, 10), member(2, 0, 10)]);
    pool.member(&shard(1)).unwrap().checked(false, NOW);
    let error = pool.reserve(None, numbered(1)).unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(error.public.contains("does not answer"), "{error}");
    pool.member(&shard(1)).unwrap().checked(true, NOW);
    assert_eq!(pool.reserve(None, numbered(1)).unwrap().shard, shard(1));
}

/// What may happen, of an app or a shard of these numbers.
#[derive(Debug, Clone)]
enum Event {
    Reserve(u8, BTreeSet<String>),
    Settle(u8, BTreeSet<String>, BTreeSet<String>),
    Release(u8),
    Well(u8, bool),
    Drain(u8, bool),
}

fn some_names() -> impl Strategy<Value = BTreeSet<String>> {
    prop::collection::btree_set("[a-f]", 0..5)
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0..6_u8, some_names()).prop_map(|(app, tables)| Event::Reserve(app, tables)),
        2 => (0..6_u8, some_names(), some_names())
            .prop_map(|(app, asked, found)| Event::Settle(app, asked, found)),
        1 => (0..6_u8).prop_map(Event::Release),
        1 => (1..4_u8, any::<bool>()).prop_map(|(one, well)| Event::Well(one, well)),
        1 => (1..4_u8, any::<bool>()).prop_map(|(one, takes)| Event::Drain(one, takes)),
    ]
}

proptest! {
    /// Whatever happens: counts are those of what is held, an app stays where it is, no reservation goes beyond what a shard takes, and a
    /// new app comes to the emptiest one that takes it.
    #[test]
    fn the_pool_counts_what_is_held(events in prop::collection::vec(event(), 1..60)) {
        let mut pool = Pool::of(vec![member(1, 6, 3), member(2, 9, 2), member(3, 4, 4)]);
        let mut held: BTreeMap<u8, Held> = BTreeMap::new();
        for event in events {
            let before = pool.clone();
            match event {
                Event::Reserve(app, wanted) => {
                    let had = held.get(&app).cloned();
                    match pool.reserve(had.clone(), wanted.iter().cloned().collect()) {
                        Ok(has) => {
                            let now_there: BTreeSet<String> = has.tables.iter().cloned().collect();
                            prop_assert_eq!(now_there.len(), has.tables.len());
                            prop_assert!(now_there.is_superset(&wanted));
                            match &had {
                                Some(had) => {
                                    prop_assert_eq!(&had.shard, &has.shard);
                                    let grown: BTreeSet<String> = had.tables.iter().chain(&wanted).cloned().collect();
                                    prop_assert_eq!(&grown, &now_there);
                                }
                                None => {
                                    let chosen = of(&before, &has.shard);
                                    prop_assert_eq!(chosen.state(), ShardState::Available);
                                    let is_emptiest = before.members().iter()
                                        .filter(|other| other.state() == ShardState::Available && wanted.len() <= other.room() as usize)
                                        .all(|other| other.load() >= chosen.load());
                                    prop_assert!(is_emptiest);
                                }
                            }
                            let grew = of(&pool, &has.shard);
                            let had = of(&before, &has.shard);
                            prop_assert!(grew.tables <= grew.max_tables || grew.tables == had.tables);
                            prop_assert!(grew.apps <= grew.max_apps);
                            let once = pool.clone();
                            prop_assert_eq!(pool.reserve(Some(has.clone()), has.tables.clone()).unwrap(), has.clone());
                            prop_assert_eq!(&pool, &once);
                            held.insert(app, has);
                        }
                        Err(error) => {
                            prop_assert_eq!(&pool, &before);
                            let expected = if had.is_some() { Kind::TooLarge } else { Kind::Unavailable };
                            prop_assert_eq!(error.kind, expected);
                        }
                    }
                }
                Event::Settle(app, asked, found) => {
                    if let Some(had) = held.remove(&app) {
                        let asked: Vec<String> = asked.into_iter().collect();
                        let has = pool.settle(had.clone(), &asked, found.iter().cloned().collect()).unwrap();
                        prop_assert!(found.iter().all(|table| has.tables.contains(table)));
                        let lost = |table: &&String| !has.tables.contains(table);
                        prop_assert!(had.tables.iter().filter(lost).all(|table| asked.contains(table)));
                        let once: BTreeSet<_> = has.tables.iter().collect();
                        prop_assert_eq!(once.len(), has.tables.len());
                        held.insert(app, has);
                    }
                }
                Event::Release(app) => {
                    if let Some(had) = held.remove(&app) {
                        pool.release(&had).unwrap();
                    }
                }
                Event::Well(one, is_well) => pool.member(&shard(one)).unwrap().checked(is_well, NOW),
                Event::Drain(one, drains) => {
                    let change = Change { takes_apps: Some(!drains), ..Change::default() };
                    pool.change(&shard(one), &change).unwrap();
                }
            }
            for member in pool.members() {
                let here = || held.values().filter(|held| held.shard == member.id);
                prop_assert_eq!(member.apps as usize, here().count());
                prop_assert_eq!(member.tables as usize, here().map(|held| held.tables.len()).sum::<usize>());
            }
        }
    }
}
