export function save(title: string, done: () => void {
  localStorage.setItem("title", title)
  done()
}
