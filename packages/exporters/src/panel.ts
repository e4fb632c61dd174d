import { displayWidth, wrapText } from './display-width.ts';

/** Spaces and bars beside the text of a panel. */
const FRAME_WIDTH = 4;
/** Dashes beside a title. */
const MIN_RULE_WIDTH = 2;

/** Lines of a frame with a title in its upper edge, as wide as its text needs and at most `availableWidth` cells. */
export function renderPanel(title: string, paragraphs: readonly string[], availableWidth: number): string[] {
  const heading = ` ${title} `;
  const lines = paragraphs.flatMap((paragraph) => wrapText(paragraph, Math.max(1, availableWidth - FRAME_WIDTH)));
  const innerWidth = Math.max(displayWidth(heading) + MIN_RULE_WIDTH, ...lines.map((line) => displayWidth(line) + 2));
  const rule = innerWidth - displayWidth(heading);
  const left = '─'.repeat(Math.floor(rule / 2));
  return [
    `╭${left}${heading}${'─'.repeat(rule - left.length)}╮`,
    ...lines.map((line) => `│ ${line}${' '.repeat(innerWidth - 2 - displayWidth(line))} │`),
    `╰${'─'.repeat(innerWidth)}╯`,
  ];
}
