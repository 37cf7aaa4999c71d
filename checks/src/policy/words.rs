//! Sets of strings given by patterns, and the shortest word of an intersection of them.
//!
//! A set is a conjunction: the word matches at least one pattern of each clause and none of the excluded patterns. Every
//! pattern is a sequence of character classes, some of them repeated, which is a small automaton; the product of all of
//! them is built state by state, breadth first, so that the first word found is a shortest one and the search ends as
//! soon as nothing new can be reached.

use std::collections::HashSet;
use std::rc::Rc;

/// A set of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Letter {
    /// Every character.
    Any,
    /// Every character but the colon, which separates the parts of an ARN.
    NoColon,
    /// A decimal digit.
    Digit,
    /// A lower-case ASCII letter or a digit.
    LowerOrDigit,
    /// This character.
    Is(char),
    /// This character in lower or upper case; it is kept in lower case.
    AnyCase(char),
}

impl Letter {
    fn holds(self, letter: char) -> bool {
        match self {
            Letter::Any => true,
            Letter::NoColon => letter != ':',
            Letter::Digit => letter.is_ascii_digit(),
            Letter::LowerOrDigit => letter.is_ascii_digit() || letter.is_ascii_lowercase(),
            Letter::Is(wanted) => letter == wanted,
            Letter::AnyCase(wanted) => letter == wanted || letter.to_lowercase().eq(std::iter::once(wanted)),
        }
    }
}

/// One step of a glob: a set of characters, taken once or any number of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Step {
    letter: Letter,
    repeated: bool,
}

/// A pattern without variables.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub(crate) struct Glob {
    steps: Vec<Step>,
}

impl Glob {
    /// The glob that matches the empty string alone; the other methods append to it.
    pub(crate) fn new() -> Self {
        Glob { steps: Vec::new() }
    }

    /// Appends literal text.
    #[must_use]
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.steps.extend(text.chars().map(|letter| Step { letter: Letter::Is(letter), repeated: false }));
        self
    }

    /// Appends literal text that matches without regard to case.
    #[must_use]
    pub(crate) fn text_in_any_case(mut self, text: &str) -> Self {
        let letters = text.chars().flat_map(char::to_lowercase);
        self.steps.extend(letters.map(|letter| Step { letter: Letter::AnyCase(letter), repeated: false }));
        self
    }

    /// Appends one character of a set.
    #[must_use]
    pub(crate) fn one(mut self, letter: Letter) -> Self {
        self.steps.push(Step { letter, repeated: false });
        self
    }

    /// Appends this many characters of a set.
    #[must_use]
    pub(crate) fn times(mut self, count: usize, letter: Letter) -> Self {
        self.steps.extend(std::iter::repeat_n(Step { letter, repeated: false }, count));
        self
    }

    /// Appends any number of characters of a set.
    #[must_use]
    pub(crate) fn star(mut self, letter: Letter) -> Self {
        let step = Step { letter, repeated: true };
        if self.steps.last() != Some(&step) {
            self.steps.push(step);
        }
        self
    }

    /// The one word that it matches, where it matches exactly one.
    pub(crate) fn word(&self) -> Option<String> {
        self.steps
            .iter()
            .map(|step| match (step.letter, step.repeated) {
                (Letter::Is(letter), false) => Some(letter),
                (Letter::Is(_), true)
                | (
                    Letter::Any | Letter::NoColon | Letter::Digit | Letter::LowerOrDigit | Letter::AnyCase(_),
                    true | false,
                ) => None,
            })
            .collect()
    }

    /// Whether it matches every word.
    pub(crate) fn is_everything(&self) -> bool {
        self.steps == [Step { letter: Letter::Any, repeated: true }]
    }

    /// Whether it matches this word.
    pub(crate) fn matches(&self, word: &str) -> bool {
        let mut positions = vec![0];
        self.close(&mut positions);
        for letter in word.chars() {
            positions = self.after(&positions, letter);
            if positions.is_empty() {
                return false;
            }
        }
        self.accepts(&positions)
    }

    fn accepts(&self, positions: &[u32]) -> bool {
        positions.last().is_some_and(|last| *last as usize == self.steps.len())
    }

    /// The positions after reading a letter, ascending.
    fn after(&self, positions: &[u32], letter: char) -> Vec<u32> {
        let mut next: Vec<u32> = Vec::with_capacity(positions.len() + 1);
        for position in positions {
            let Some(step) = self.steps.get(*position as usize) else { continue };
            if step.letter.holds(letter) {
                next.push(if step.repeated { *position } else { position + 1 });
            }
        }
        self.close(&mut next);
        next
    }

    /// Adds the positions that are reached by leaving repeated steps, and sorts.
    fn close(&self, positions: &mut Vec<u32>) {
        let mut index = 0;
        while let Some(position) = positions.get(index).copied() {
            if self.steps.get(position as usize).is_some_and(|step| step.repeated) {
                positions.push(position + 1);
            }
            index += 1;
        }
        positions.sort_unstable();
        positions.dedup();
    }
}

/// What the search for a word found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A shortest word.
    Word(String),
    /// No word is in the set.
    Nothing,
    /// More states than the budget allows.
    GaveUp,
}

/// A set of words.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Words {
    clauses: Vec<Rc<[Rc<Glob>]>>,
    excluded: Vec<Rc<Glob>>,
}

impl Words {
    /// Every word.
    pub(crate) fn all() -> Self {
        Words { clauses: Vec::new(), excluded: Vec::new() }
    }

    /// No word.
    pub(crate) fn none() -> Self {
        Words { clauses: vec![Rc::new([])], excluded: Vec::new() }
    }

    /// The words that are in this set and in the other.
    pub(crate) fn and(&self, other: &Words) -> Words {
        let mut both = self.clone();
        for clause in &other.clauses {
            both.keep(clause);
        }
        both.exclude(&other.excluded);
        both
    }

    /// Keeps the words that match one of these.
    pub(crate) fn keep(&mut self, globs: &Rc<[Rc<Glob>]>) {
        if !self.clauses.iter().any(|clause| Rc::ptr_eq(clause, globs) || clause == globs) {
            self.clauses.push(Rc::clone(globs));
        }
    }

    /// Drops the words that match one of these.
    pub(crate) fn exclude(&mut self, globs: &[Rc<Glob>]) {
        for glob in globs {
            if !self.excluded.iter().any(|excluded| Rc::ptr_eq(excluded, glob) || excluded == glob) {
                self.excluded.push(Rc::clone(glob));
            }
        }
    }

    /// Whether the word is in the set.
    pub(crate) fn holds(&self, word: &str) -> bool {
        self.clauses.iter().all(|clause| clause.iter().any(|glob| glob.matches(word)))
            && !self.excluded.iter().any(|glob| glob.matches(word))
    }

    /// A shortest word of the set. Each state that is looked at costs one of the budget.
    pub(crate) fn shortest(&self, budget: &mut u32) -> Found {
        if self.excluded.iter().any(|glob| glob.is_everything()) || self.clauses.iter().any(|clause| clause.is_empty())
        {
            return Found::Nothing;
        }
        // A clause of single words leaves only those to try.
        for clause in &self.clauses {
            let words: Option<Vec<String>> = clause.iter().map(|glob| glob.word()).collect();
            if let Some(mut words) = words {
                words.sort_by_key(|word| (word.chars().count(), word.clone()));
                return words.into_iter().find(|word| self.holds(word)).map_or(Found::Nothing, Found::Word);
            }
        }
        Product::of(self).shortest(budget)
    }
}

/// The automata of a set, side by side.
struct Product<'a> {
    /// Every glob: first the clauses', then the excluded ones.
    globs: Vec<&'a Glob>,
    /// Where each clause's globs begin and end among them.
    clauses: Vec<std::ops::Range<usize>>,
    /// Where the excluded ones begin.
    excluded: usize,
}

/// The positions of every glob, in their order; `u32::MAX` ends a glob's.
type State = Vec<u32>;

const END: u32 = u32::MAX;

impl<'a> Product<'a> {
    fn of(words: &'a Words) -> Self {
        let mut globs: Vec<&Glob> = Vec::new();
        let mut clauses = Vec::with_capacity(words.clauses.len());
        for clause in &words.clauses {
            let from = globs.len();
            globs.extend(clause.iter().filter(|glob| !glob.is_everything()).map(Rc::as_ref));
            // A clause with a glob that matches everything asks for nothing.
            if globs.len() - from < clause.len() {
                globs.truncate(from);
            } else {
                clauses.push(from..globs.len());
            }
        }
        let excluded = globs.len();
        globs.extend(words.excluded.iter().map(Rc::as_ref));
        Product { globs, clauses, excluded }
    }

    fn start(&self) -> State {
        let mut state = Vec::with_capacity(self.globs.len() * 3);
        for glob in &self.globs {
            let mut positions = vec![0];
            glob.close(&mut positions);
            state.append(&mut positions);
            state.push(END);
        }
        state
    }

    /// The state after a letter; `None` where a clause can no longer be met.
    fn after(&self, state: &[u32], letter: char) -> Option<State> {
        let mut next = Vec::with_capacity(state.len() + 4);
        let mut alive = Vec::with_capacity(self.excluded);
        for (index, (glob, positions)) in self.globs.iter().zip(state.split(|position| *position == END)).enumerate() {
            let from = next.len();
            if !positions.is_empty() {
                next.append(&mut glob.after(positions, letter));
            }
            if index < self.excluded {
                alive.push(next.len() > from);
            }
            next.push(END);
        }
        let met = |clause: &std::ops::Range<usize>| alive[clause.clone()].iter().any(|alive| *alive);
        self.clauses.iter().all(met).then_some(next)
    }

    fn accepts(&self, state: &[u32]) -> bool {
        let accepting: Vec<bool> = self
            .globs
            .iter()
            .zip(state.split(|position| *position == END))
            .map(|(glob, positions)| glob.accepts(positions))
            .collect();
        self.clauses.iter().all(|clause| accepting[clause.clone()].iter().any(|accepts| *accepts))
            && !accepting[self.excluded..].iter().any(|accepts| *accepts)
    }

    /// The letters that can lead to different states, one for each set of letters that no glob tells apart; and whether
    /// they are those of literal text, which is read forward only.
    fn letters(&self, state: &[u32]) -> (Vec<char>, bool) {
        let active: Vec<Vec<Letter>> = self
            .globs
            .iter()
            .zip(state.split(|position| *position == END))
            .map(|(glob, positions)| {
                let steps = positions.iter().filter_map(|position| glob.steps.get(*position as usize));
                steps.map(|step| step.letter).collect()
            })
            .collect();
        // A clause that waits for particular letters leaves only those.
        for clause in &self.clauses {
            let waiting: Option<Vec<char>> =
                active[clause.clone()].iter().flatten().map(|letter| exactly(*letter)).collect();
            if let Some(mut letters) = waiting {
                letters.sort_unstable();
                letters.dedup();
                return (letters, true);
            }
        }
        let mut letters: Vec<char> = Vec::new();
        let mut classes: HashSet<Letter> = HashSet::new();
        for letter in active.iter().flatten() {
            match letter {
                Letter::Is(letter) => letters.push(*letter),
                Letter::AnyCase(letter) => {
                    letters.push(*letter);
                    letters.extend(letter.to_uppercase());
                }
                Letter::NoColon => letters.push(':'),
                Letter::Any | Letter::Digit | Letter::LowerOrDigit => {
                    classes.insert(*letter);
                }
            }
        }
        letters.sort_unstable();
        letters.dedup();
        // One letter that no pattern names, for each set that the classes tell apart; they come first, because a word
        // of such letters is one that the policy's author did not think of.
        let mut fresh = Vec::with_capacity(3);
        fresh.extend(unnamed(('k'..='z').chain('a'..='j'), &letters));
        if !classes.is_empty() && classes.iter().any(|class| *class != Letter::Any) {
            fresh.extend(unnamed(('0'..='9').rev(), &letters));
            fresh.extend(unnamed(('A'..='Z').chain('\u{4e00}'..='\u{9fff}'), &letters));
        } else if fresh.is_empty() {
            fresh.extend(unnamed(('A'..='Z').chain('\u{4e00}'..='\u{9fff}'), &letters));
        }
        fresh.extend(letters);
        (fresh, false)
    }

    fn shortest(&self, budget: &mut u32) -> Found {
        // Each node is the letter that led to it and the node before.
        let mut nodes: Vec<(char, usize)> = vec![('\0', usize::MAX)];
        let mut level: Vec<(State, usize)> = vec![(self.start(), 0)];
        let mut seen: HashSet<State> = HashSet::new();
        while !level.is_empty() {
            if let Some((_, node)) = level.iter().find(|(state, _)| self.accepts(state)) {
                return Found::Word(word(&nodes, *node));
            }
            let mut next = Vec::new();
            for (state, node) in level {
                let Some(left) = budget.checked_sub(1) else { return Found::GaveUp };
                *budget = left;
                let (letters, literal) = self.letters(&state);
                for letter in letters {
                    let Some(after) = self.after(&state, letter) else { continue };
                    // Along literal text no state comes back, so it need not be remembered.
                    if literal || seen.insert(after.clone()) {
                        nodes.push((letter, node));
                        next.push((after, nodes.len() - 1));
                    }
                }
            }
            level = next;
        }
        Found::Nothing
    }
}

fn unnamed(mut range: impl Iterator<Item = char>, letters: &[char]) -> Option<char> {
    range.find(|letter| !letters.contains(letter))
}

fn exactly(letter: Letter) -> Option<char> {
    match letter {
        Letter::Is(letter) => Some(letter),
        Letter::Any | Letter::NoColon | Letter::Digit | Letter::LowerOrDigit | Letter::AnyCase(_) => None,
    }
}

fn word(nodes: &[(char, usize)], mut node: usize) -> String {
    let mut letters = Vec::new();
    while let Some((letter, before)) = nodes.get(node).filter(|(_, before)| *before != usize::MAX) {
        letters.push(*letter);
        node = *before;
    }
    letters.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(text: &str) -> Rc<Glob> {
        let mut glob = Glob::new();
        for letter in text.chars() {
            glob = match letter {
                '*' => glob.star(Letter::Any),
                '?' => glob.one(Letter::Any),
                other => glob.text(&other.to_string()),
            };
        }
        Rc::new(glob)
    }

    fn words(clauses: &[&[&str]], excluded: &[&str]) -> Words {
        let mut words = Words::all();
        for clause in clauses {
            words.keep(&clause.iter().map(|text| glob(text)).collect());
        }
        words.exclude(&excluded.iter().map(|text| glob(text)).collect::<Vec<_>>());
        words
    }

    fn shortest(clauses: &[&[&str]], excluded: &[&str]) -> Option<String> {
        let set = words(clauses, excluded);
        match set.shortest(&mut 20_000) {
            Found::Word(word) => {
                assert!(set.holds(&word), "{word}");
                Some(word)
            }
            Found::Nothing => None,
            Found::GaveUp => panic!("gave up"),
        }
    }

    #[test]
    fn a_star_crosses_everything_and_a_question_mark_is_one_character() {
        assert!(glob("a*c?").matches("a/:bcd"));
        assert!(!glob("a*c?").matches("abc"));
        assert!(glob("*").matches(""));
        assert!(!glob("?").matches(""));
    }

    #[test]
    fn a_star_that_stops_at_colons_does() {
        let glob = Glob::new().text("a:").star(Letter::NoColon).text(":b");
        assert!(glob.matches("a:x:b"));
        assert!(!glob.matches("a:x:y:b"));
    }

    #[test]
    fn the_shortest_word_outside_a_subtree_is_found() {
        assert_eq!(shortest(&[&["b/?*"]], &["b/records/*"]), Some("b/k".into()));
    }

    #[test]
    fn a_pair_of_complements_leaves_nothing() {
        assert_eq!(shortest(&[&["b/?*"], &["b/a*"]], &["b/a*"]), None);
        assert_eq!(shortest(&[&["b/?*"]], &["b/a*", "b/?*"]), None);
    }

    #[test]
    fn lengths_alone_can_cover_everything() {
        assert_eq!(shortest(&[&["?*"]], &["?", "??", "???*"]), None);
        assert_eq!(shortest(&[&["?*"]], &["?", "???*"]), Some("kk".into()));
    }

    #[test]
    fn one_letter_left_open_is_found_among_many() {
        let excluded: Vec<String> =
            ('a'..='z').filter(|letter| *letter != 'q').map(|letter| format!("b/{letter}*")).collect();
        let mut excluded: Vec<&str> = excluded.iter().map(String::as_str).collect();
        excluded.extend(["b/A*", "b/0*"]);
        let word = shortest(&[&["b/?"], &["b/q*", "b/A*"]], &excluded);
        assert_eq!(word, Some("b/q".into()));
    }

    #[test]
    fn digits_are_told_from_other_letters() {
        let mut set = Words::all();
        set.keep(&[Rc::new(Glob::new().times(3, Letter::Digit))].into());
        set.exclude(&[glob("99*"), glob("?8?")]);
        let Found::Word(word) = set.shortest(&mut 1000) else { panic!("a word") };
        assert!(word.len() == 3 && word.chars().all(|letter| letter.is_ascii_digit()) && set.holds(&word), "{word}");
    }

    #[test]
    fn letters_without_case_are_two_letters() {
        let mut set = Words::all();
        set.keep(&[Rc::new(Glob::new().text_in_any_case("aB"))].into());
        set.exclude(&[glob("a*"), glob("Ab")]);
        assert_eq!(set.shortest(&mut 1000), Found::Word("AB".into()));
    }

    #[test]
    fn a_budget_that_is_spent_is_said_so() {
        assert_eq!(words(&[&["*a*b*c*"]], &["*abc*"]).shortest(&mut 2), Found::GaveUp);
    }

    #[test]
    fn on_a_small_alphabet_the_search_agrees_with_trying_every_word() {
        // Every word of up to four letters over the letters that the patterns use and one that they do not.
        let mut all = vec![String::new()];
        let mut longest = all.clone();
        for _ in 0..4 {
            longest = longest.iter().flat_map(|word| ['a', 'b', 'k'].map(|letter| format!("{word}{letter}"))).collect();
            all.extend(longest.iter().cloned());
        }
        let patterns = ["*", "a*", "*b", "?", "??*", "a?b", "*a*", "b*b", "ab", "k*"];
        for kept in patterns {
            for also in patterns {
                for first in patterns {
                    for second in patterns {
                        let set = words(&[&[kept], &[also, "ba"]], &[first, second]);
                        let brute = all.iter().find(|word| set.holds(word));
                        match (set.shortest(&mut 20_000), brute) {
                            (Found::Word(word), brute) => {
                                assert!(set.holds(&word), "{kept} {also} {first} {second}: {word}");
                                let brute = brute.map(|word| word.chars().count());
                                assert_eq!(Some(word.chars().count()), brute.or(Some(word.chars().count())));
                            }
                            (Found::Nothing, brute) => assert_eq!(brute, None, "{kept} {also} {first} {second}"),
                            (Found::GaveUp, _) => panic!("gave up"),
                        }
                    }
                }
            }
        }
    }
}
