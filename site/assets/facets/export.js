// Saves the rows that are shown: the file of all records, without those that are not.
const picks = {
  // A record begins with a line such as @article{tome,
  bib(text, pick) {
    const records = text.split(/^(?=@)/m).map((record) => [/\{(.+),/.exec(record)?.[1], record.trim()]);
    return `${pick(records).join("\n\n")}\n`;
  },
  // A row ends with a line outside quotes, and begins with the id.
  csv(text, pick) {
    const [head, ...rows] = text.match(/("[^"]*"|[^"\n])+\n/g);
    return head + pick(rows.map((row) => [row.split(",", 1)[0], row])).join("");
  },
  json(text, pick) {
    const whole = JSON.parse(text);
    const papers = pick(whole.papers.map((paper) => [paper.id, paper]));
    return `${JSON.stringify({ ...whole, count: papers.length, papers }, null, 2)}\n`;
  },
};

export async function save(address, rows) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} cannot be read (${response.status})`);
  const pick = (records, known = new Map(records)) => rows.map((row) => known.get(row.dataset.id));
  const link = document.createElement("a");
  link.download = address.split("/").pop();
  link.href = URL.createObjectURL(new Blob([picks[address.split(".").pop()](await response.text(), pick)]));
  link.click();
  URL.revokeObjectURL(link.href);
}
