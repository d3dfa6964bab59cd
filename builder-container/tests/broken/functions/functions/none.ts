export const answer = () => new Response("nobody asks for it")
