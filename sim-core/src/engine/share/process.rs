//! Groups come and go as processes do: opened, narrowed, frozen, evicted, closed.

use super::Share;
use super::group::Group;
use super::heap::NOWHERE;

impl Share {
    /// Opens a group of which at most `width` jobs run at one instant; numbers of closed groups are
    /// used again.
    pub fn open_group(&mut self, width: u32) -> u32 {
        let group = self.free_groups.pop().unwrap_or(self.groups.len() as u32);
        if group as usize == self.groups.len() {
            self.groups.push(Group::new(width));
            self.head_places.push(NOWHERE);
        }
        self.groups[group as usize].set_width(width);
        group
    }

    /// Closes a group that has no jobs left ([`Share::evict`] them first); group 0 always stays.
    pub fn close_group(&mut self, group: u32) {
        let empty = self.groups[group as usize].len() == 0;
        debug_assert!(empty && group != 0, "group {group} cannot be closed");
        debug_assert!(!self.free_groups.contains(&group), "group {group} is closed already");
        if empty && group != 0 {
            self.free_groups.push(group);
        }
    }

    /// Lets at most `width` of the group's jobs run at one instant from `now` on; 0 freezes them.
    pub fn set_width(&mut self, now: u64, group: u32, width: u32) {
        self.advance(now);
        self.change(group, |group, _| group.set_width(width));
    }

    /// Takes any job out of `group` and gives its word back: to be repeated when a process dies.
    pub fn evict(&mut self, now: u64, group: u32) -> Option<u64> {
        self.advance(now);
        self.take_first(group)
    }
}
