//! Sets of strings given by patterns, and the shortest word of an intersection of them.
//!
//! A set is a conjunction: the word matches at least one pattern of each clause and none of the excluded patterns. Every
//! pattern is a sequence of character classes, some of them repeated, which is a small automaton; the product of all of
//! them is built state by state, breadth first, so that the first word found is a shortest one and the search ends as
//! soon as nothing new can be reached.

use std::collections::HashSet;
use std::ops::Range;
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

impl Step {
    /// Any number of any characters.
    const ANYTHING: Step = Step { letter: Letter::Any, repeated: true };

    /// The one character that it takes, where it takes exactly one.
    fn only(self) -> Option<char> {
        exactly(self.letter).filter(|_| !self.repeated)
    }
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
        self.steps.iter().map(|step| step.only()).collect()
    }

    /// Whether it matches exactly one word.
    fn is_word(&self) -> bool {
        self.steps.iter().all(|step| step.only().is_some())
    }

    /// Whether it matches every word.
    pub(crate) fn is_everything(&self) -> bool {
        self.steps == [Step::ANYTHING]
    }

    /// Whether it matches this word.
    pub(crate) fn matches(&self, word: &str) -> bool {
        // Up to the first star each step takes one letter, and most words differ from a pattern there already.
        let mut letters = word.chars();
        let star = self.steps.iter().position(|step| step.repeated);
        let (head, tail) = self.steps.split_at(star.unwrap_or(self.steps.len()));
        if !head.iter().all(|step| letters.next().is_some_and(|letter| step.letter.holds(letter))) {
            return false;
        }
        match tail {
            [] => letters.next().is_none(),
            [Step::ANYTHING] => true,
            tail => {
                let mut automaton = Automaton::default();
                automaton.add(tail);
                automaton.matches(letters)
            }
        }
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

/// Patterns, of which one has to match. The narrowings of a search share them.
pub(crate) type Globs = Rc<[Glob]>;

/// A set of words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    clauses: Vec<Globs>,
    excluded: Vec<Globs>,
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

    /// The words that match one of these.
    pub(crate) fn among(globs: impl IntoIterator<Item = Glob>) -> Self {
        Words { clauses: vec![globs.into_iter().collect()], excluded: Vec::new() }
    }

    /// The words that are in this set and in the other.
    pub(crate) fn and(&self, other: &Words) -> Words {
        let mut both = self.clone();
        other.clauses.iter().for_each(|globs| both.keep(globs));
        other.excluded.iter().for_each(|globs| both.exclude(globs));
        both
    }

    /// Keeps the words that match one of these.
    pub(crate) fn keep(&mut self, globs: &Globs) {
        if !self.clauses.iter().any(|clause| Rc::ptr_eq(clause, globs)) {
            self.clauses.push(Rc::clone(globs));
        }
    }

    /// Drops the words that match one of these.
    pub(crate) fn exclude(&mut self, globs: &Globs) {
        if !self.excluded.iter().any(|excluded| Rc::ptr_eq(excluded, globs)) {
            self.excluded.push(Rc::clone(globs));
        }
    }

    /// Whether the word is in the set.
    pub(crate) fn holds(&self, word: &str) -> bool {
        self.still_holds(&Words::all(), word)
    }

    /// Whether a word of another set, from which this one was made by keeping and dropping, is in this one too. Only
    /// what was kept and dropped since is looked at.
    pub(crate) fn still_holds(&self, before: &Words, word: &str) -> bool {
        let matched = |globs: &Globs| globs.iter().any(|glob| glob.matches(word));
        self.clauses.iter().skip(before.clauses.len()).all(matched)
            && !self.excluded.iter().skip(before.excluded.len()).any(matched)
    }

    /// A shortest word of the set. Each state that is looked at costs one of the budget.
    pub(crate) fn shortest(&self, budget: &mut u32) -> Found {
        if self.excluded.iter().any(|globs| globs.iter().any(Glob::is_everything))
            || self.clauses.iter().any(|clause| clause.is_empty())
        {
            return Found::Nothing;
        }
        // A clause of single words leaves only those to try.
        if let Some(clause) = self.clauses.iter().find(|clause| clause.iter().all(Glob::is_word)) {
            let mut words: Vec<String> = clause.iter().filter_map(Glob::word).collect();
            words.sort_by_cached_key(|word| (word.chars().count(), word.clone()));
            return words.into_iter().find(|word| self.holds(word)).map_or(Found::Nothing, Found::Word);
        }
        Product::of(self).shortest(budget)
    }
}

/// Globs side by side, as one automaton. A position is a place before one of the steps, or behind the last step of a
/// glob.
#[derive(Default)]
struct Automaton {
    /// The steps of every glob, one glob after the other; `None` behind each glob's last.
    steps: Vec<Option<Step>>,
    /// Where each glob begins.
    starts: Vec<u32>,
}

impl Automaton {
    fn add(&mut self, steps: &[Step]) {
        self.starts.push(self.end());
        self.steps.extend(steps.iter().copied().map(Some));
        self.steps.push(None);
    }

    /// The position that the next glob will begin at.
    fn end(&self) -> u32 {
        u32::try_from(self.steps.len()).unwrap_or(u32::MAX)
    }

    fn step(&self, position: u32) -> Option<Step> {
        self.steps.get(position as usize).copied().flatten()
    }

    /// Adds the state of the empty word.
    fn start(&self, states: &mut Vec<u32>) {
        let from = states.len();
        self.starts.iter().for_each(|start| self.reach(states, from, *start));
    }

    /// Adds what a state becomes by a letter.
    fn follow(&self, state: &[u32], letter: char, states: &mut Vec<u32>) {
        let from = states.len();
        for position in state {
            if let Some(step) = self.step(*position)
                && step.letter.holds(letter)
            {
                self.reach(states, from, if step.repeated { *position } else { position + 1 });
            }
        }
    }

    /// Adds a position to the state that begins at `from`, and those behind the repeated steps that may be left at once.
    ///
    /// Positions are reached in ascending order. One that is not greater than the last is there already, and so is what
    /// follows it: both end at the next step that is not repeated.
    fn reach(&self, states: &mut Vec<u32>, from: usize, mut position: u32) {
        loop {
            if states[from..].last().is_none_or(|last| *last < position) {
                states.push(position);
            }
            if self.step(position).is_none_or(|step| !step.repeated) {
                return;
            }
            position += 1;
        }
    }

    /// The letters that lead on from these positions.
    fn letters(&self, positions: &[u32]) -> impl Iterator<Item = Letter> {
        positions.iter().filter_map(|position| self.step(*position)).map(|step| step.letter)
    }

    /// Whether one of the globs matches these letters.
    fn matches(&self, letters: impl Iterator<Item = char>) -> bool {
        let (mut state, mut next) = (Vec::new(), Vec::new());
        self.start(&mut state);
        for letter in letters {
            self.follow(&state, letter, &mut next);
            std::mem::swap(&mut state, &mut next);
            next.clear();
        }
        self.accepts(&state)
    }

    /// Whether a glob ends at one of these positions.
    fn accepts(&self, positions: &[u32]) -> bool {
        positions.iter().any(|position| self.step(*position).is_none())
    }
}

/// The automata of a set, side by side.
struct Product {
    /// Of every glob: first the clauses', then the excluded ones.
    automaton: Automaton,
    /// Where each clause's positions begin and end.
    clauses: Vec<Range<u32>>,
    /// Where those of the excluded globs begin.
    excluded: u32,
}

/// Different states that words of one length lead to.
#[derive(Default)]
struct Level {
    /// The positions of each state, one state behind the other.
    positions: Vec<u32>,
    /// Where each state ends, and the node of the word that leads to it.
    ends: Vec<(usize, usize)>,
}

impl Level {
    fn clear(&mut self) {
        self.positions.clear();
        self.ends.clear();
    }

    fn states(&self) -> impl Iterator<Item = (&[u32], usize)> {
        let mut from = 0;
        self.ends.iter().map(move |(end, node)| {
            let state = &self.positions[from..*end];
            from = *end;
            (state, *node)
        })
    }
}

impl Product {
    fn of(words: &Words) -> Self {
        let mut automaton = Automaton::default();
        let mut clauses = Vec::with_capacity(words.clauses.len());
        // A clause with a glob that matches everything asks for nothing.
        for clause in words.clauses.iter().filter(|clause| !clause.iter().any(Glob::is_everything)) {
            let from = automaton.end();
            clause.iter().for_each(|glob| automaton.add(&glob.steps));
            clauses.push(from..automaton.end());
        }
        let excluded = automaton.end();
        words.excluded.iter().flat_map(|globs| globs.iter()).for_each(|glob| automaton.add(&glob.steps));
        Product { automaton, clauses, excluded }
    }

    /// The positions of a state that are in each clause.
    fn in_clauses<'s>(&self, state: &'s [u32]) -> impl Iterator<Item = &'s [u32]> {
        self.clauses.iter().map(|clause| {
            let from = state.partition_point(|position| *position < clause.start);
            let end = state.partition_point(|position| *position < clause.end);
            &state[from..end]
        })
    }

    /// Whether no clause can be met any more.
    fn is_lost(&self, state: &[u32]) -> bool {
        self.in_clauses(state).any(<[u32]>::is_empty)
    }

    fn accepts(&self, state: &[u32]) -> bool {
        let excluded = state.partition_point(|position| *position < self.excluded);
        !self.automaton.accepts(&state[excluded..])
            && self.in_clauses(state).all(|positions| self.automaton.accepts(positions))
    }

    /// Sets `letters` to those that can lead to different states, one for each set of letters that no glob tells apart.
    /// True where they are those of literal text, which is read forward only.
    fn letters(&self, state: &[u32], letters: &mut Vec<char>) -> bool {
        // A clause that waits for particular letters leaves only those.
        for positions in self.in_clauses(state) {
            letters.clear();
            letters.extend(self.automaton.letters(positions).map_while(exactly));
            if letters.len() == self.automaton.letters(positions).count() {
                letters.sort_unstable();
                letters.dedup();
                return true;
            }
        }
        letters.clear();
        let mut classes = false;
        for letter in self.automaton.letters(state) {
            match letter {
                Letter::Is(letter) => letters.push(letter),
                Letter::AnyCase(letter) => {
                    letters.push(letter);
                    letters.extend(letter.to_uppercase());
                }
                Letter::NoColon => letters.push(':'),
                Letter::Any => {}
                Letter::Digit | Letter::LowerOrDigit => classes = true,
            }
        }
        letters.sort_unstable();
        letters.dedup();
        // One letter that no pattern names, for each set that the classes tell apart; they come first, because a word
        // of such letters is one that the policy's author did not think of.
        let lower = unnamed(('k'..='z').chain('a'..='j'), letters);
        let digit = unnamed(('0'..='9').rev(), letters).filter(|_| classes);
        let other = unnamed(('A'..='Z').chain('\u{4e00}'..='\u{9fff}'), letters).filter(|_| classes || lower.is_none());
        letters.splice(..0, [lower, digit, other].into_iter().flatten());
        false
    }

    fn shortest(&self, budget: &mut u32) -> Found {
        // Each node is the letter that led to it and the node before.
        let mut nodes: Vec<(char, usize)> = vec![('\0', usize::MAX)];
        let mut seen: HashSet<Vec<u32>> = HashSet::new();
        let (mut level, mut next) = (Level::default(), Level::default());
        let mut letters = Vec::new();
        self.automaton.start(&mut level.positions);
        level.ends.push((level.positions.len(), 0));
        while !level.ends.is_empty() {
            if let Some((_, node)) = level.states().find(|(state, _)| self.accepts(state)) {
                return Found::Word(word(&nodes, node));
            }
            for (state, node) in level.states() {
                let Some(left) = budget.checked_sub(1) else { return Found::GaveUp };
                *budget = left;
                let literal = self.letters(state, &mut letters);
                for letter in &letters {
                    let from = next.positions.len();
                    self.automaton.follow(state, *letter, &mut next.positions);
                    let after = &next.positions[from..];
                    // Along literal text no state comes back, so it need not be remembered.
                    if self.is_lost(after) || !literal && seen.contains(after) {
                        next.positions.truncate(from);
                        continue;
                    }
                    if !literal {
                        seen.insert(after.to_vec());
                    }
                    next.ends.push((next.positions.len(), nodes.len()));
                    nodes.push((*letter, node));
                }
            }
            std::mem::swap(&mut level, &mut next);
            next.clear();
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

    fn glob(text: &str) -> Glob {
        let mut glob = Glob::new();
        for letter in text.chars() {
            glob = match letter {
                '*' => glob.star(Letter::Any),
                '?' => glob.one(Letter::Any),
                other => glob.text(&other.to_string()),
            };
        }
        glob
    }

    fn words(clauses: &[&[&str]], excluded: &[&str]) -> Words {
        let mut words = Words::all();
        for clause in clauses {
            words.keep(&clause.iter().map(|text| glob(text)).collect());
        }
        words.exclude(&excluded.iter().map(|text| glob(text)).collect());
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
    fn of_a_word_of_the_wider_set_only_what_was_added_is_asked() {
        let wide = words(&[&["b/?*"]], &["b/a*"]);
        let mut narrow = wide.clone();
        narrow.keep(&[glob("*x"), glob("*y")].into());
        narrow.exclude(&[glob("b/k*")].into());
        for (word, left) in [("b/zx", true), ("b/zy", true), ("b/z", false), ("b/kx", false)] {
            assert!(wide.holds(word), "{word}");
            assert_eq!((narrow.still_holds(&wide, word), narrow.holds(word)), (left, left), "{word}");
        }
        assert!(!narrow.holds("b/ax"));
    }

    #[test]
    fn digits_are_told_from_other_letters() {
        let mut set = Words::among([Glob::new().times(3, Letter::Digit)]);
        set.exclude(&[glob("99*"), glob("?8?")].into());
        let Found::Word(word) = set.shortest(&mut 1000) else { panic!("a word") };
        assert!(word.len() == 3 && word.chars().all(|letter| letter.is_ascii_digit()) && set.holds(&word), "{word}");
    }

    #[test]
    fn letters_without_case_are_two_letters() {
        let mut set = Words::among([Glob::new().text_in_any_case("aB")]);
        set.exclude(&[glob("a*"), glob("Ab")].into());
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
