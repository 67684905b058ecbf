// On a phone, site.css shows the rows of wide tables as blocks: each cell needs the name of its column.
for (const table of document.querySelectorAll(".content table")) {
  const columns = [...table.querySelectorAll("thead th")].map((th) => th.textContent.trim());
  for (const row of table.querySelectorAll("tbody tr")) {
    [...row.cells].forEach((cell, at) => { cell.dataset.column = columns[at] ?? ""; });
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
