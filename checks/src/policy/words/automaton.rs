//! Globs as automata: whether they match, and the shortest word of an intersection of them.

use std::collections::HashSet;
use std::ops::Range;

use crate::policy::words::{Found, Glob, Letter, Step, Words};

/// Globs side by side, as one automaton. A position is a place before one of the steps, or behind the last step of a
/// glob.
#[derive(Default)]
pub(super) struct Automaton {
    /// The steps of every glob, one glob after the other; `None` behind each glob's last.
    steps: Vec<Option<Step>>,
    /// Where each glob begins.
    starts: Vec<u32>,
}

impl Automaton {
    pub(super) fn add(&mut self, steps: &[Step]) {
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
    pub(super) fn matches(&self, letters: impl Iterator<Item = char>) -> bool {
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
pub(super) struct Product {
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
    pub(super) fn of(words: &Words) -> Self {
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

    /// Whether a clause can no longer be met.
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
            letters.extend(self.automaton.letters(positions).map_while(Letter::exactly));
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

    pub(super) fn shortest(&self, budget: &mut u32) -> Found {
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

fn word(nodes: &[(char, usize)], mut node: usize) -> String {
    let mut letters = Vec::new();
    while let Some((letter, before)) = nodes.get(node).filter(|(_, before)| *before != usize::MAX) {
        letters.push(*letter);
        node = *before;
    }
    letters.into_iter().rev().collect()
}
