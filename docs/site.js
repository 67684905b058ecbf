// On a phone, site.css shows the rows of wide tables as blocks: each cell needs the name of its column.
for (const table of document.querySelectorAll(".content table")) {
  const columns = [...table.querySelectorAll("thead th")].map((th) => th.textContent.trim());
  for (const row of table.querySelectorAll("tbody tr")) {
    [...row.cells].forEach((cell, at) => {
      cell.dataset.column = columns[at] ?? "";
      cell.classList.toggle("long", /\S{30}/.test(cell.textContent)); // an address or a path: site.css breaks it
    });
  }
}

// A line may break behind a hyphen, and so between the two of `--output`. An option stays whole.
for (const code of document.querySelectorAll(".content :not(pre) > code")) {
  const parts = code.textContent.split(/(?<!\S)(-{1,2}[a-z][\w-]*)/);
  if (parts.length === 1 || code.childElementCount > 0) continue;
  code.replaceChildren(...parts.map((text, at) => {
    if (at % 2 === 0) return text;
    const option = document.createElement("span");
    option.className = "option";
    option.textContent = text;
    return option;
  }));
}

// The index splits words at hyphens and leaves out "who", "can", "what" and "too", so it finds nothing for `who-can`, and others for "token too old".
// Headings in which the words of a search stand side by side come first. The last of them may be half typed.
if (window.elasticlunr) {
  const { prototype } = elasticlunr.Index;
  const { search } = prototype;
  const spaced = (text) => ` ${text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean).join(" ")}`;
  prototype.search = function (query, options) {
    const found = search.call(this, query, options);
    const phrase = spaced(query);
    if (!phrase.slice(1).includes(" ")) return found;
    const headings = Object.values(this.documentStore.docs).filter((doc) => spaced(doc.title).includes(phrase));
    const first = headings.map((doc) => ({ ref: doc.id, doc }));
    return [...first, ...found.filter(({ ref }) => !first.some((heading) => heading.ref === ref))];
  };
}
