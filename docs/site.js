// On a phone, site.css shows the rows of wide tables as blocks: each cell needs the name of its column.
for (const table of document.querySelectorAll(".content table")) {
  const columns = [...table.querySelectorAll("thead th")].map((th) => th.textContent.trim());
  for (const row of table.querySelectorAll("tbody tr")) {
    [...row.cells].forEach((cell, at) => { cell.dataset.column = columns[at] ?? ""; });
  }
}
