// Leaves of a list what has the words that are searched for.
for (const search of document.querySelectorAll('[type=search]')) {
  const rows = [...document.getElementById(search.getAttribute('aria-controls')).children]
  const found = document.getElementById('found')
  const [, all, noun] = found.textContent.match(/^(\d+ (.*)).$/)
  search.closest('.field').hidden = false
  search.addEventListener('input', () => {
    const words = search.value.trim().toLowerCase().split(/\s+/)
    for (const row of rows) {
      const text = row.textContent.toLowerCase()
      row.hidden = !words.every((word) => text.includes(word))
    }
    const many = rows.filter((row) => !row.hidden).length
    const none = `No ${noun.replace(/s$/, '')} is called “${search.value.trim()}”. Search for less to see more.`
    found.textContent = many === rows.length ? `${all}.` : many ? `${many} of ${all}.` : none
  })
}
