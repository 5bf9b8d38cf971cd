// Light or dark: as the system has it, until the button says otherwise.

const isDark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function toggleTheme() {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  remembered(() => localStorage.setItem("assay-theme", document.documentElement.dataset.theme));
}

/** What the browser remembers between pages; it may refuse to, for files. */
function remembered(use) {
  try {
    return use();
  } catch {
    return null;
  }
}

const theme = remembered(() => localStorage.getItem("assay-theme"));
if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
document.getElementById("theme").addEventListener("click", toggleTheme);
