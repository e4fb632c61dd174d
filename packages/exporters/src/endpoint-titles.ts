/** Heading of the metric tables by endpoint type, as AIPerf has them. */
const ENDPOINT_TITLES: Readonly<Record<string, string>> = {
  embeddings: 'Embeddings Metrics',
  chat_embeddings: 'Embeddings Metrics',
  nim_embeddings: 'NIM Embeddings Metrics',
  nim_rankings: 'Rankings Metrics (NIM)',
  cohere_rankings: 'Ranking Metrics',
  hf_tei_rankings: 'Ranking Metrics',
  image_generation: 'Image Generation Metrics',
  image_edit: 'Image Edit Metrics',
  video_generation: 'Video Generation Metrics',
  image_retrieval: 'Image Retrieval Metrics',
  audio_transcription: 'Audio Transcription Metrics',
  solido_rag: 'SOLIDO RAG Metrics',
};

/** Heading of the metric tables of an endpoint type. */
export function endpointTitle(endpointType: string): string {
  return ENDPOINT_TITLES[endpointType] ?? 'LLM Metrics';
}
