// Names the visible texts of the page that are most like a text that is not there, for the error that says so.
// Called from `act/find.rs`, which puts it after `find.js`.

// A longer text is left out and not cut: nobody would know half a secret as one.
const LONGEST_NAMED = 80;
const MOST_LOOKED_AT = 20_000;
const MOST_COMPARED = 4_000;
const MOST_OF_ONE = 20;
const MOST_NAMED = 3;

// The letters and the pairs of letters of a text, each with how often it occurs.
const piecesOf = (text) => {
  const letters = [...text.toLowerCase()];
  const pieces = new Map();
  const add = (piece) => pieces.set(piece, (pieces.get(piece) || 0) + 1);
  letters.forEach((letter, index) => {
    add(letter);
    if (index) add(letters[index - 1] + letter);
  });
  return { text: letters.join(""), pieces, count: Math.max(0, 2 * letters.length - 1) };
};

// From 0 to 1: how much of both texts is the same. A text that contains the other one is more like it.
const likeness = (one, other) => {
  let common = 0;
  for (const [piece, times] of one.pieces) common += Math.min(times, other.pieces.get(piece) || 0);
  const share = (2 * common) / (one.count + other.count || 1);
  const [short, long] = one.count < other.count ? [one.text, other.text] : [other.text, one.text];
  return short.length > 2 && long.includes(short) ? (1 + share) / 2 : share;
};

// Short texts and some elements with each, in document order. An element counts if some of its text is its own: the
// rest may be in others, such as a bold word.
const shortTexts = () => {
  const found = new Map();
  const seen = new Set();
  const add = (element) => {
    seen.add(element);
    if (element.matches(WITHOUT_TEXT) || element.textContent.length > 4 * LONGEST_NAMED) return;
    const text = shownText(element);
    if (!text || text.length > LONGEST_NAMED) return;
    if (!found.has(text)) found.set(text, []);
    if (found.get(text).length < MOST_OF_ONE) found.get(text).push(element);
  };
  const nodes = document.createTreeWalker(document.body || document, NodeFilter.SHOW_TEXT);
  for (let looked = 0; looked < MOST_LOOKED_AT && found.size < MOST_COMPARED && nodes.nextNode(); looked += 1) {
    const { data, parentElement } = nodes.currentNode;
    if (parentElement && !seen.has(parentElement) && /\S/.test(data)) add(parentElement);
  }
  [...document.querySelectorAll(BUTTONS)].slice(0, MOST_COMPARED).forEach(add);
  return found;
};

// Empty if one of the alternatives is found after all.
const nearestTexts = (alternatives) => {
  const wanted = alternatives.flatMap(({ text }) => (text === undefined ? [] : [piecesOf(collapse(text))]));
  if (!wanted.length || findAll(alternatives).length) return [];
  const ranked = [...shortTexts()].map(([text, elements]) => {
    const pieces = piecesOf(text);
    return { text, elements, rank: Math.max(...wanted.map((one) => likeness(one, pieces))) };
  });
  ranked.sort((one, other) => other.rank - one.rank);
  const named = [];
  for (const { text, elements, rank } of ranked.slice(0, 200)) {
    if (rank > 0 && named.length < MOST_NAMED && elements.some(canBeSeen)) named.push(text);
  }
  return named;
};
