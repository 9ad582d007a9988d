//! Which peer gets a request.

use serde_json::json;

use super::{given, kill, parts, peer, proxied, servers, steady};
use crate::components::reverse_proxy::choose::{Chooser, Search};
use crate::components::reverse_proxy::peers::{Peer, Roster, State};
use crate::components::reverse_proxy::spec::Balance;
use crate::components::tests_world::{agrees_without_lanes_and_after_a_snapshot, count, run};
use crate::engine::chance::Stream;
use crate::engine::request::{Ask, Want};

fn roster(weights: &[u32], has_ring: bool) -> Roster {
    let peers = weights.iter().zip("abcdefghij".chars()).map(|(&weight, name)| Peer {
        node: 0,
        group: 0,
        name: name.into(),
        weight,
        max_fails: 1,
        fail_timeout_s: 10,
        max_conns: 0,
        is_backup: false,
        is_down: false,
        is_listed: true,
        is_healthy: true,
    });
    Roster::new(peers.collect(), has_ring)
}

struct Group {
    roster: Roster,
    states: Vec<State>,
    balance: Balance,
    stream: Stream,
}

impl Group {
    fn new(weights: &[u32], balance: Balance) -> Self {
        let roster = roster(weights, balance == Balance::ConsistentHash);
        let states = roster.peers.iter().map(State::new).collect();
        Group { roster, states, balance, stream: Stream::new(3) }
    }

    fn pick(&mut self, search: &mut Search, id: u64) -> Option<char> {
        let want = Want::Answer;
        let ask = Ask { luck: 0, client: id, key: id, demand: 0, lease: 0, endpoint: 0, want };
        let mut chooser = Chooser {
            roster: &self.roster,
            states: &mut self.states,
            stream: &mut self.stream,
            balance: self.balance,
            ask,
            now_s: 1_000,
        };
        chooser.pick(search).map(|index| (b'a' + index as u8) as char)
    }

    /// The peers of so many requests that stay in progress.
    fn picks(&mut self, requests: u64) -> String {
        (1..=requests).map(|id| self.pick(&mut Search::new(&self.roster, 0), id).unwrap()).collect()
    }
}

#[test]
fn nginx_weights_5_1_1_give_a_a_b_a_c_a_a_then_repeat() {
    let servers = json!([{"to": "a", "weight": 5}, {"to": "b"}, {"to": "c"}]);
    let mut world = proxied(&json!({"servers": servers}), &json!({"users": steady("1/s")}));
    let mut order = String::new();
    for second in 1..=14 {
        let before = ["a", "b", "c"].map(|name| given(&world, name));
        run(&mut world, f64::from(second));
        let grown = |name: &&str, before: u64| given(&world, name) > before;
        let now = ["a", "b", "c"].into_iter().zip(before).find(|(name, n)| grown(name, *n));
        order.push_str(now.unwrap().0);
    }
    assert_eq!(order, "aabacaaaabacaa");
    assert_eq!(Group::new(&[3, 2, 1], Balance::RoundRobin).picks(6), "abacba");
}

#[test]
fn a_peer_that_failed_loses_weight_and_gets_it_back_pick_by_pick() {
    let mut group = Group::new(&[4, 4], Balance::RoundRobin);
    group.roster.peers.iter_mut().for_each(|peer| peer.max_fails = 2);
    assert_eq!(group.picks(1), "a");
    group.states[0].fail(&group.roster.peers[0], 1_000);
    assert_eq!(group.states[0].effective_weight, 2, "4 less 4/2");
    group.picks(1);
    assert_eq!(group.states[0].effective_weight, 3);
    group.picks(1);
    assert_eq!(group.states[0].effective_weight, 4);
    group.picks(1);
    assert_eq!(group.states[0].effective_weight, 4);
}

#[test]
fn least_conn_weighs_requests_in_progress_and_lets_ties_take_turns() {
    // 0/2 0/1 -> a by weight; 1/2 0/1 -> b; 1/2 1/1 -> a; 2/2 1/1: a tie that turns by weight
    let mut group = Group::new(&[2, 1], Balance::LeastConn);
    assert_eq!(group.picks(3), "aba");
    assert_eq!(group.picks(3).matches('a').count(), 2);
    group.states[0].conns = 0;
    assert_eq!(group.picks(2), "aa");
}

#[test]
fn ip_hash_keeps_a_client_and_moves_on_when_its_peer_was_tried() {
    let mut group = Group::new(&[1, 1, 1], Balance::IpHash);
    for id in 0..200 {
        let mut search = Search::new(&group.roster, 0);
        let first = group.pick(&mut search, id);
        let again = group.pick(&mut Search::new(&group.roster, 0), id);
        assert_eq!(first, again);
        let rest = [group.pick(&mut search, id), group.pick(&mut search, id)];
        assert!(!rest.contains(&first) && !rest.contains(&None), "{first:?} {rest:?}");
        assert_eq!(group.pick(&mut search, id), None, "each peer once");
    }
}

#[test]
fn hash_is_that_of_cache_memcached() {
    // (crc32(key) >> 16 & 0x7fff) % 3 for the keys 1 to 12, by zlib
    assert_eq!(Group::new(&[1, 1, 1], Balance::Hash).picks(12), "bcbabaaccaca");
}

#[test]
fn the_ring_is_that_of_ketama() {
    let group = Group::new(&[1, 1], Balance::ConsistentHash);
    // crc32("a\0" + 0u32) and crc32("a\0" + that), by zlib
    let points: Vec<u32> =
        group.roster.ring.iter().filter(|(_, peer)| *peer == 0).map(|(point, _)| *point).collect();
    assert_eq!(points.len(), 160);
    assert!(points.contains(&0x726A_7D5C) && points.contains(&0x8E81_A578));
    assert!(group.roster.ring.is_sorted());
}

#[test]
fn a_tenth_server_takes_a_tenth_of_the_keys_from_a_ring_and_most_from_a_plain_hash() {
    let moved = |balance| {
        let nine = Group::new(&[1; 9], balance).picks(9_000);
        let ten = Group::new(&[1; 10], balance).picks(9_000);
        nine.chars().zip(ten.chars()).filter(|(one, other)| one != other).count()
    };
    let (ring, plain) = (moved(Balance::ConsistentHash), moved(Balance::Hash));
    assert!((700..=1_100).contains(&ring), "{ring} of 9000, 900 expected");
    assert!((8_000..=8_200).contains(&plain), "{plain} of 9000, 8100 expected");
}

#[test]
fn random_goes_by_weight_and_random_two_by_load() {
    let picks = Group::new(&[3, 1], Balance::Random).picks(4_000);
    let share = picks.matches('a').count();
    assert!((2_900..=3_100).contains(&share), "{share}");
    let mut group = Group::new(&[1, 1], Balance::RandomTwo);
    group.states[0].conns = 50;
    assert_eq!(group.picks(20), "b".repeat(20));
}

#[test]
fn a_backup_serves_only_while_nobody_else_can() {
    let servers = json!([{"to": "a"}, {"to": "b"}, {"to": "c", "backup": true}]);
    let mut world = proxied(&json!({"servers": servers}), &json!({"users": steady("10/s")}));
    run(&mut world, 1.0);
    assert_eq!(given(&world, "c"), 0);
    kill(&mut world, "a");
    kill(&mut world, "b");
    run(&mut world, 2.0);
    assert_eq!(given(&world, "c"), 10, "from the first one on, which tried all three");
    assert_eq!(count(&world, "lb", "failures"), 2);
}

#[test]
fn a_server_that_is_down_is_never_used() {
    let servers = json!([{"to": "a", "down": true}, {"to": "b"}]);
    let mut world = proxied(&json!({"servers": servers}), &json!({"users": steady("10/s")}));
    run(&mut world, 1.0);
    assert_eq!((given(&world, "a"), given(&world, "b")), (0, 10));
}

#[test]
fn lanes_and_snapshots_do_not_change_a_run() {
    for balance in ["round_robin", "least_conn", "ip_hash", "hash", "consistent_hash", "random"] {
        let proxy = json!({"servers": servers(&["a", "b", "c"]), "balance": balance,
            "connect": "1ms", "cpu": "100us", "tls": {"handshake": "2ms", "resumed": "1ms"},
            "worker_processes": 2, "limit_req": {"rate": "10/s", "burst": 5},
            "limit_conn": {"connections": 2}, "proxy_read_timeout": "300ms"});
        let users = json!({"Users": {"enter": "lb", "arrivals": "200/s", "clients": 40,
            "timeout": "400ms"}});
        let slow = json!({"QueueStation": {"service": {"exponential": "20ms"}, "servers": 2}});
        let all = parts(&proxy, &json!({"users": users, "a": slow, "b": peer("20ms")}));
        agrees_without_lanes_and_after_a_snapshot(&all, 10.0);
    }
}
