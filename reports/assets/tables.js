"use strict";
// Tables: sorted, filtered, by keyboard, exported as shown; lanes drawn; one release looked at.

document.addEventListener("DOMContentLoaded", () => {
  const releases = JSON.parse(document.documentElement.dataset.releases || "[]");
  const chosen = document.getElementById("release");
  const only = document.getElementById("only");

  // A file has one row of headings, without the filters, and nothing below its rows.
  const asShown = {
    exportOptions: { columns: ":visible", customizeData: data => data.headerStructure.splice(1) }, footer: false,
  };

  // A table with more rows than a browser draws at once has pages.
  const MOST_AT_ONCE = 500;
  const PAGED = { paging: true, pageLength: 100 };

  kscan.table = (element, more = {}) => {
    const title = document.title.split(":")[0];
    const table = new DataTable(element, {
      paging: false,
      info: true,
      order: [],
      autoWidth: false,
      fixedHeader: true,
      keys: { className: "focused" },
      columnControl: [{ target: "tr:1", content: ["searchText"] }],
      language: { search: "", searchPlaceholder: "filter all columns", info: "_TOTAL_ rows", infoEmpty: "no row",
                  infoFiltered: "of _MAX_" },
      layout: {
        topStart: { buttons: [
          { extend: "colvis", text: "columns" },
          { extend: "csvHtml5", text: "CSV", title, ...asShown },
          { extend: "copyHtml5", text: "copy", title, ...asShown },
          { extend: "print", text: "print", title, ...asShown },
        ] },
        topEnd: "search",
        bottomStart: "info",
        bottomEnd: more.paging ? "paging" : null,
      },
      ...more,
    });
    // A heading that floats does not follow a table that is wider than its place.
    const place = element.closest(".scroll");
    const fit = () => table.fixedHeader.enable(element.offsetWidth <= place.clientWidth);
    const sizes = new ResizeObserver(fit);
    [element, place].forEach(part => sizes.observe(part));
    // Enter follows a cell's link.
    table.on("key", (event, api, key, cell) => {
      if (key === 13) cell.node().querySelector("a")?.click();
    });
    return table;
  };

  // The lane of a cell, drawn when it is shown first.
  function draw(cell) {
    if (cell.querySelector("svg")) return;
    const texts = cell.dataset.runs.split(" ");
    cell.append(kscan.lane(texts, releases));
    cell.classList.toggle("two", texts.length > 1);
  }

  function look(table) {
    const number = releases.indexOf(chosen.value);
    only.disabled = number < 0;
    table.table().node().classList.toggle("looked", number >= 0);
    for (const row of table.rows().nodes().toArray()) {
      const cell = row.querySelector("td[data-runs]");
      if (!cell) continue;
      const states = number < 0 ? ["p"] : cell.dataset.runs.split(" ").map(text => kscan.stateAt(text, number));
      row.classList.toggle("without", !states.includes("p"));
      row.classList.toggle("unknown", !states.includes("p") && states.some(state => "nu".includes(state)));
      cell.style.setProperty("--at", String((number + 0.5) / releases.length));
    }
    table.search.fixed("release", (text, data, index) => {
      if (number < 0 || !only.checked) return true;
      const { classList } = table.row(index).node();
      return !classList.contains("without") || classList.contains("unknown");
    });
    table.draw();
  }

  for (const element of document.querySelectorAll("table.listing")) {
    const table = kscan.table(element, element.tBodies[0].rows.length > MOST_AT_ONCE ? PAGED : {});
    const drawShown = () => element.querySelectorAll("tbody td[data-runs]").forEach(draw);
    table.on("draw", drawShown);
    drawShown();
    if (chosen) {
      const update = () => {
        look(table);
        history.replaceState(null, "", chosen.value ? `#${chosen.value}` : location.pathname);
      };
      chosen.addEventListener("change", update);
      only.addEventListener("change", update);
      // An address asks for a release, or for a row, which must be shown then.
      const follow = () => {
        const asked = kscan.asked();
        const row = document.getElementById(asked) || table.rows().nodes().toArray().find(({ id }) => asked && id === asked);
        const isThere = !asked || row || releases.includes(asked);
        document.getElementById("unasked").textContent = isThere ? "" : `${asked}: not in this report`;
        if (releases.includes(asked)) {
          chosen.value = asked;
          look(table);
          return;
        }
        if (!row || row.offsetParent) return;
        chosen.value = "";
        look(table);
        table.search("").columns().search("").draw();
        row.scrollIntoView({ block: "center" });
      };
      window.addEventListener("hashchange", follow);
      follow();
    }
  }
});
