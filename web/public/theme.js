// Sets the theme before the first paint. A file of its own, since the content security policy allows no inline script.
;(function () {
  var choice = 'system'
  try {
    choice = localStorage.getItem('gantry.theme') || 'system'
  } catch {
    // Storage may be forbidden; the system's choice stands.
  }
  var dark = choice === 'dark' || (choice === 'system' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
})()
