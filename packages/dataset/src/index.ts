export type { Conversation, EncodedConversation, EncodedTurn, RenderBody, Turn } from './conversation.ts';
