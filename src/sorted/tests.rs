use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;

/// What can be done to a map.
#[derive(Debug, Clone)]
enum Act {
    Insert(u8, u32),
    Remove(u8),
    Entry(u8, u32),
    Change(u8),
    PopFirst,
    KeepEven,
    Extend(Vec<(u8, u32)>),
    Clear,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => (any::<u8>(), any::<u32>()).prop_map(|(key, value)| Act::Insert(key, value)),
        4 => any::<u8>().prop_map(Act::Remove),
        4 => (any::<u8>(), any::<u32>()).prop_map(|(key, value)| Act::Entry(key, value)),
        4 => any::<u8>().prop_map(Act::Change),
        1 => Just(Act::PopFirst),
        1 => Just(Act::KeepEven),
        2 => proptest::collection::vec(any::<(u8, u32)>(), 0..40).prop_map(Act::Extend),
        1 => Just(Act::Clear),
    ]
}

proptest! {
    #[test]
    fn a_map_does_what_a_tree_does(acts in proptest::collection::vec(act(), 0..60), asked: u8) {
        let (mut map, mut tree) = (SortedMap::new(), BTreeMap::new());
        for act in acts {
            match act {
                Act::Insert(key, value) => {
                    prop_assert_eq!(map.insert(key, value), tree.insert(key, value));
                }
                Act::Remove(key) => prop_assert_eq!(map.remove(&key), tree.remove(&key)),
                Act::Entry(key, value) => {
                    let kept = map.entry(key).or_insert(value);
                    *kept = kept.wrapping_add(1);
                    let tree = tree.entry(key).or_insert(value);
                    *tree = tree.wrapping_add(1);
                }
                Act::Change(key) => {
                    prop_assert_eq!(map.get_mut(&key).map(std::mem::take), tree.get_mut(&key).map(std::mem::take));
                }
                Act::PopFirst => prop_assert_eq!(map.pop_first(), tree.pop_first()),
                Act::KeepEven => {
                    map.retain(|key, value| { *value /= 2; key % 2 == 0 });
                    tree.retain(|key, value| { *value /= 2; key % 2 == 0 });
                }
                Act::Extend(pairs) => {
                    map.extend(pairs.iter().copied());
                    tree.extend(pairs);
                }
                Act::Clear => {
                    map.clear();
                    tree.clear();
                }
            }
            prop_assert!(map.iter().eq(&tree));
            prop_assert_eq!(map.len(), tree.len());
            prop_assert_eq!(map.is_empty(), tree.is_empty());
            prop_assert_eq!(map.get(&asked), tree.get(&asked));
            prop_assert_eq!(map.get_key_value(&asked), tree.get_key_value(&asked));
            prop_assert_eq!(map.contains_key(&asked), tree.contains_key(&asked));
            prop_assert_eq!(map.first_key_value(), tree.first_key_value());
            prop_assert_eq!(map.last_key_value(), tree.last_key_value());
        }
        prop_assert!(map.keys().eq(tree.keys()));
        prop_assert!(map.values().eq(tree.values()));
        prop_assert!(map.values_mut().eq(tree.values_mut()));
        prop_assert_eq!(format!("{map:?}"), format!("{tree:?}"));
        prop_assert!(map.clone().into_values().eq(tree.clone().into_values()));
        prop_assert!(map.into_iter().eq(tree));
    }

    /// Values tell which of two entries with the same key came last.
    #[test]
    fn many_entries_at_once_become_the_same_map(keys in proptest::collection::vec(any::<u8>(), 0..400)) {
        let pairs: Vec<(u8, usize)> = keys.into_iter().zip(0..).collect();
        let map: SortedMap<u8, usize> = pairs.iter().copied().collect();
        let tree: BTreeMap<u8, usize> = pairs.into_iter().collect();
        prop_assert!(map.iter().eq(&tree));
    }

    #[test]
    fn json_is_that_of_a_tree(tree: BTreeMap<u32, String>, words: Vec<String>) {
        let map: SortedMap<u32, String> = tree.clone().into_iter().collect();
        let text = serde_json::to_string(&tree).unwrap();
        prop_assert_eq!(serde_json::to_string(&map).unwrap(), text.clone());
        prop_assert_eq!(serde_json::from_str::<SortedMap<u32, String>>(&text).unwrap(), map);
        let tree: BTreeSet<String> = words.iter().cloned().collect();
        let set: SortedSet<String> = serde_json::from_value(words.into()).unwrap();
        prop_assert_eq!(serde_json::to_string(&set).unwrap(), serde_json::to_string(&tree).unwrap());
    }

    #[test]
    fn a_set_does_what_a_tree_does(one: Vec<u8>, other: Vec<u8>, more: Vec<u8>, asked: u8) {
        let (mut set, mut tree) = (SortedSet::new(), BTreeSet::new());
        for value in &one {
            prop_assert_eq!(set.insert(*value), tree.insert(*value));
        }
        let (others, other_tree): (SortedSet<u8>, BTreeSet<u8>) = (other.iter().copied().collect(), other.iter().copied().collect());
        prop_assert!(set.intersection(&others).eq(tree.intersection(&other_tree)));
        set.extend(more.iter().copied());
        tree.extend(more);
        for value in &other {
            prop_assert_eq!(set.remove(value), tree.remove(value));
        }
        prop_assert_eq!(set.contains(&asked), tree.contains(&asked));
        prop_assert_eq!((set.len(), set.is_empty()), (tree.len(), tree.is_empty()));
        prop_assert_eq!(format!("{set:?}"), format!("{tree:?}"));
        prop_assert!(set.iter().eq(&tree));
        prop_assert!(set.into_iter().eq(tree));
    }
}

#[test]
fn keys_that_are_words_of_a_list_are_read() {
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Place {
        Here,
        There,
    }
    let map: SortedMap<Place, u8> =
        serde_json::from_str(r#"{"there":1,"here":2,"there":3}"#).unwrap();
    assert_eq!(map, SortedMap::from([(Place::Here, 2), (Place::There, 3)]));
    assert_eq!(
        serde_json::to_string(&map).unwrap(),
        r#"{"here":2,"there":3}"#
    );
}

#[test]
fn what_is_no_map_is_refused_in_the_words_of_a_tree() {
    let said = |error: serde_json::Error| error.to_string();
    assert_eq!(
        said(serde_json::from_str::<SortedMap<String, u8>>("[1]").unwrap_err()),
        said(serde_json::from_str::<BTreeMap<String, u8>>("[1]").unwrap_err()),
    );
    assert_eq!(
        said(serde_json::from_str::<SortedSet<u8>>("{}").unwrap_err()),
        said(serde_json::from_str::<BTreeSet<u8>>("{}").unwrap_err()),
    );
}
