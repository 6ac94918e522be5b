"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  heads.forEach((head, column) => {
    const numbers = head.classList.contains("number");
    const told = row => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
    const compare = (one, other) => numbers ? told(one) - told(other)
      : told(one).localeCompare(told(other), document.documentElement.lang);
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      const down = before ? before === "ascending" : numbers;
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      body.append(...[...body.rows].sort((one, other) => down ? compare(other, one) : compare(one, other)));
    });
  });
}
