/** How much of a word that is too long stands on the line: up to the last separator that fits, else all that fits. */
function cutLength(word: string, columns: number): number {
  const separator = Math.max(...['/', '-', '|', ','].map((mark) => word.lastIndexOf(mark, columns - 1)));
  return separator > 0 ? separator + 1 : columns;
}

/** Lines of at most `columns` characters, broken at blanks; a longer word is cut, after a separator if it has one. */
export function wrapText(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
    while (line.length > columns) {
      const length = cutLength(line, columns);
      lines.push(line.slice(0, length));
      line = line.slice(length);
    }
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line];
}
