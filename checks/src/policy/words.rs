//! Sets of strings given by patterns, and the shortest word of an intersection of them.
//!
//! A set is a conjunction: the word matches at least one pattern of each clause and none of the excluded patterns. Every
//! pattern is a sequence of character classes, some of them repeated, which is a small automaton; the product of all of
//! them is built state by state, breadth first, so that the first word found is a shortest one and the search ends as
//! soon as nothing new can be reached.

use std::rc::Rc;

mod automaton;

use automaton::{Automaton, Product};

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
    /// The one character of the set, where it has exactly one.
    fn exactly(self) -> Option<char> {
        match self {
            Letter::Is(letter) => Some(letter),
            Letter::Any | Letter::NoColon | Letter::Digit | Letter::LowerOrDigit | Letter::AnyCase(_) => None,
        }
    }

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
        self.letter.exactly().filter(|_| !self.repeated)
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
