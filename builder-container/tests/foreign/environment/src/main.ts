declare const __APP__: string
declare const __BUILD__: { number: number; beta: boolean }

const url = import.meta.env.VITE_API ?? "nowhere"
const key = import.meta.env.VITE_KEY
document.body.textContent = `${__APP__} ${__BUILD__.number} ${url} ${key} ${import.meta.env.VITE_API} ${import.meta.env.MODE}`
