// Looks words up in the whole text of the papers: in the index that Pagefind makes of the built site.
import { fold } from "./filtering.js";

const folder = new URL("../../pagefind/", import.meta.url);
let opened;

// The score of every paper that has the words, by its id.
export async function search(words) {
  const [engine, ids] = await (opened ??= Promise.all([
    import(`${folder}pagefind.js`),
    fetch(`${folder}ids.json`).then((file) => file.json()),
  ]));
  const { results } = await engine.search(words);
  if (!results.length || !(await isMeant(results[0], fold(words)))) return new Map();
  return new Map(results.map(({ id, score }) => [ids[id], score]));
}

// For a word that nobody wrote, Pagefind takes the longest that it begins with: "q" for "qqqq". The first result tells.
async function isMeant(result, words) {
  const text = fold((await result.data()).raw_content);
  const starts = words.match(/[\p{L}\p{N}]+/gu) ?? [];
  return starts.every((word) => text.includes(word.slice(0, Math.max(3, 0.6 * word.length))));
}
