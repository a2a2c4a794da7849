//! Lists by key: a page starts after the last key of the page before, so it costs the same however deep it is.

/// So many are counted of what waits; of more it is said that they are so many, because counting costs.
pub const COUNTED: u32 = 10_000;

/// The most rows one page may have.
pub const MAX_LIMIT: u32 = 200;

/// Which part of a list is wanted; `K` is the key the list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest<K> {
    /// The last key of the page before; none for the first page.
    pub after: Option<K>,
    limit: u32,
}

impl<K> PageRequest<K> {
    /// At most `limit` rows after that key; the limit is bounded to 1 ..= [`MAX_LIMIT`].
    pub fn new(after: Option<K>, limit: u32) -> Self {
        Self { after, limit: limit.clamp(1, MAX_LIMIT) }
    }

    /// The first page.
    pub fn first(limit: u32) -> Self {
        Self::new(None, limit)
    }

    /// How many rows at most.
    pub fn limit(&self) -> u32 {
        self.limit
    }
}

/// A part of a list and where the next part begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K> {
    /// The rows.
    pub items: Vec<T>,
    /// What to ask for next; none on the last page.
    pub next: Option<K>,
}

impl<T, K> Page<T, K> {
    /// From rows that were asked for with one more than the limit: the surplus row proves that there is a next page.
    pub fn from_surplus(mut items: Vec<T>, limit: u32, key: impl Fn(&T) -> K) -> Self {
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next = if more { items.last().map(key) } else { None };
        Self { items, next }
    }

    /// The same page with its rows translated.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U, K> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surplus_row_tells_that_there_is_more() {
        let page = Page::from_surplus(vec![1, 2, 3], 2, |n| *n);
        assert_eq!((page.items, page.next), (vec![1, 2], Some(2)));
        let last = Page::from_surplus(vec![3], 2, |n| *n);
        assert_eq!((last.items, last.next), (vec![3], None));
    }
}
