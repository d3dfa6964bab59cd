export const greet = () => (document.body.title = "greeted")
