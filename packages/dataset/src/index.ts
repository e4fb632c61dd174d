export type { Conversation, EncodedConversation, EncodedTurn, RenderBody, Turn } from './conversation.ts';
export type { DatasetMessages } from './messages.ts';
