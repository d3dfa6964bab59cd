/** What dims the page behind a dialog. */
export const overlay = "fixed inset-0 z-50 animate-fade-in bg-black/45 backdrop-blur-[2px]"
