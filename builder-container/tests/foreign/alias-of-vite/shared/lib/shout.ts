export const shout = (text: string) => `${text} is loud`
